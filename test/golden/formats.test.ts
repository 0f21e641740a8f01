import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import { verify } from '../../src/workflows/verify.js';

/** Archives of every version of the format that was ever sealed: today's verifier must still read them. */
const FORMATS = join(import.meta.dirname, 'formats');
const formats = await readdir(FORMATS);

describe('a stored sample of each format', () => {
  it('exists for exhibit/1', () => {
    expect(formats).toContain('exhibit-1');
  });

  it.each(formats)('%s verifies with its receipt', async (format) => {
    const folder = join(FORMATS, format);
    const source = join(folder, 'allowed_signers');
    const report = await verify(
      {
        archivePath: join(folder, 'sample.tar.gz'),
        allowedSigners: { source, text: await readFile(source, 'utf8') },
        receiptPath: join(folder, 'sample.receipt.json'),
        requireComplete: false,
      },
      { clock: systemClock, scratchDirectory: tmpdir() },
    );
    expect(report).toMatchObject({ verdict: 'VERIFIED_PARTIAL', findingsTotal: 0, kind: 'drill' });
    expect(report.checks.filter((check) => check.result === 'skipped').map((check) => check.check)).toEqual(['time']);
  });
});
