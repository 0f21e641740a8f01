import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  gzipOf,
  itemEvent,
  packBag,
  SAMPLE_PAYLOAD,
  sealedBag,
  type BagSpec,
} from '../../../test/fakes/archive-builder.js';
import { readAcquisition, type ReadAcquisition } from './read-acquisition.js';

async function read(spec: BagSpec): Promise<ReadAcquisition> {
  const path = join(mkdtempSync(join(tmpdir(), 'exhibit-log-')), 'sample.tar.gz');
  writeFileSync(path, gzipOf(packBag(sealedBag(generateKeyPairSync('ed25519').privateKey, spec))));
  return await readAcquisition(path);
}

describe('the log of a collection for people', () => {
  it('has every line but those of files, which are counted', async () => {
    const log = await read({});
    expect(log.lines.map(({ event }) => event)).toEqual(['open', 'seal']);
    expect(log).toMatchObject({ items: SAMPLE_PAYLOAD.length, omitted: 0, firstItemAt: '2026-01-02T03:04:05.678Z' });
    expect(log.lines[0]?.detail).toContain('exhibitId: case-abcd-x0001');
    expect(log.lines[0]?.detail).not.toMatch(/prev|monoUs|actor/);
  });

  it('keeps beginning and end of a long one in order, and bounds what a line says', async () => {
    const notes = Array.from({ length: 2500 }, (_, n) => ({
      event: 'operator-note',
      note: `${String(n)} ${'x'.repeat(400)}`,
    }));
    const log = await read({
      events: [{ event: 'open' }, ...notes, ...SAMPLE_PAYLOAD.map(itemEvent), { event: 'seal' }],
    });
    expect(log.lines.length).toBe(2000);
    expect(log.omitted).toBe(502);
    expect(log.lines[0]?.event).toBe('open');
    expect(log.lines.at(-1)?.event).toBe('seal');
    const seqs = log.lines.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(Math.max(...log.lines.slice(1, -1).map(({ detail }) => detail.length))).toBe('note: '.length + 300);
  });
});
