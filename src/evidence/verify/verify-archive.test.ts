import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../../../test/fakes/archive-builder.js';
import { verifyArchive } from './verify-archive.js';

describe('verifyArchive', () => {
  it('works', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const directory = await mkdtemp(join(tmpdir(), 'x-'));
    const path = join(directory, 'a.tar.gz');
    await writeFile(path, gzipOf(packBag(sealedBag(key))));
    const r = await verifyArchive({ archivePath: path, allowedSigners: { source: 'test', text: allowedSignersOf(key) }, now: 1 });
    console.log(JSON.stringify(r, null, 1));
    expect(r.verdict).toBe('VERIFIED');
  });
});
