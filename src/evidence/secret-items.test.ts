import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gzipOf, packBag, SAMPLE_PAYLOAD, sealedBag } from '../../test/fakes/archive-builder.js';
import { secretItems } from './secret-items.js';

const key = generateKeyPairSync('ed25519').privateKey;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-secret-items-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function write(name: string, bytes: Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, bytes);
  return path;
}

describe('secretItems', () => {
  it('counts the items that are secret, and neither the personal nor the normal ones', async () => {
    const payload = SAMPLE_PAYLOAD.map((spec, index) => ({
      ...spec,
      sensitivity: (['normal', 'personal', 'secret'] as const)[index] ?? 'normal',
    }));
    const path = await write('mixed', gzipOf(packBag(sealedBag(key, { payload }))));
    await expect(secretItems(path)).resolves.toEqual({ isEncrypted: false, items: 3, secretItems: 1 });
  });

  it('finds none where there is none', async () => {
    const path = await write('none', gzipOf(packBag(sealedBag(key))));
    await expect(secretItems(path)).resolves.toEqual({ isEncrypted: false, items: 3, secretItems: 0 });
  });

  it('knows an age file, whose items nobody can count', async () => {
    const path = await write('age', Buffer.from('age-encryption.org/v1\n-> X25519 '));
    await expect(secretItems(path)).resolves.toEqual({ isEncrypted: true, items: 0, secretItems: 0 });
  });

  it('never takes what it cannot read for an archive without secrets', async () => {
    const whole = gzipOf(packBag(sealedBag(key)));
    for (const [name, bytes] of [
      ['cut', whole.subarray(0, whole.length - 20)],
      ['other', Buffer.from('PK\u0003\u0004')],
      ['empty', Buffer.alloc(0)],
    ] as const) {
      await expect(secretItems(await write(name, bytes)), name).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    }
    await expect(secretItems(join(directory, 'missing'))).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('does not take a bag whose list of items was left out for one without secrets', async () => {
    const bag = sealedBag(key);
    bag.files.delete('meta/items.jsonl');
    await expect(secretItems(await write('no-list', gzipOf(packBag(bag))))).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
  });
});
