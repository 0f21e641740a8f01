/** The same question for an archive inside an age file: decrypted with the right identity, then verified. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { SEALED_CHUNK_BYTES } from '../../src/evidence/age/age-format.js';
import { parseAgeHeader } from '../../src/evidence/age/age-header.js';
import { decryptArchive } from '../../src/evidence/age/decrypt-archive.js';
import { verifyArchive } from '../../src/evidence/verify/verify-archive.js';
import { ExhibitError } from '../../src/model/errors.js';
import { ageKey, NO_AGE, passphrasesOf, type AgeKey } from '../fakes/age-world.js';
import { gzipOf } from '../fakes/archive-builder.js';
import { NOW_MS } from '../fakes/verify-bytes.js';
import { choices } from '../torture/extent.js';
import { flipped, spliced, type Choose } from './attack.js';
import { emptyCounts, noneAllowed, type ClassResult } from './measure.js';
import type { Shape } from './shapes.js';

interface Sealed {
  readonly shape: Shape;
  readonly file: Buffer;
  /** Where the chunks begin. */
  readonly payloadAt: number;
  readonly encrypt: (plain: Buffer) => Promise<Buffer>;
}

type Change = (sealed: Sealed, choose: Choose) => Buffer | Promise<Buffer>;

const chunkAt = ({ file, payloadAt }: Sealed, choose: Choose): number =>
  payloadAt + SEALED_CHUNK_BYTES * choose(Math.ceil((file.length - payloadAt) / SEALED_CHUNK_BYTES));

const CLASSES: readonly (readonly [what: string, change: Change])[] = [
  ['one bit', ({ file }, choose) => flipped(file, choose(file.length), choose(8))],
  ['one bit of the header', ({ file, payloadAt }, choose) => flipped(file, choose(payloadAt), choose(8))],
  ['cut off at any byte', ({ file }, choose) => file.subarray(0, choose(file.length))],
  ['cut off at a chunk', (sealed, choose) => sealed.file.subarray(0, chunkAt(sealed, choose))],
  ['bytes after the end', ({ file }, choose) => Buffer.concat([file, Buffer.alloc(1 + choose(100), 1)])],
  [
    'a chunk removed',
    (sealed, choose) => spliced(sealed.file, chunkAt(sealed, choose), { remove: SEALED_CHUNK_BYTES }),
  ],
  [
    'a chunk twice',
    (sealed, choose) => {
      const at = chunkAt(sealed, choose);
      return spliced(sealed.file, at, { insert: sealed.file.subarray(at, at + SEALED_CHUNK_BYTES) });
    },
  ],
  [
    'the header of another file for the same reader',
    async ({ file, payloadAt, encrypt }) => {
      const other = await encrypt(Buffer.from('another file'));
      return Buffer.concat([
        other.subarray(0, parseAgeHeader(other, 'other').bytes.length),
        file.subarray(payloadAt - 16),
      ]);
    },
  ],
  [
    'a changed archive, encrypted anew by anybody',
    async ({ shape, encrypt }, choose) =>
      await encrypt(gzipOf(flipped(shape.tar, choose(shape.tar.length), choose(8)))),
  ],
];

/** Whether a changed file decrypts to something that verifies. */
async function passes(
  file: Buffer,
  { shape, key, withReceipt }: { shape: Shape; key: AgeKey; withReceipt: boolean },
): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'exhibit-tamper-age-'));
  try {
    const path = join(directory, 'archive.tar.gz.age');
    writeFileSync(path, file);
    const output = join(directory, 'archive.tar.gz');
    const containerSha256 = withReceipt ? shape.receipt.containerSha256 : null;
    await decryptArchive({
      path,
      output,
      identityPaths: [key.identityPath],
      passphrases: passphrasesOf(),
      program: NO_AGE,
      expected: { encryptedSha256: null, containerSha256 },
    });
    const { verdict } = await verifyArchive({
      archivePath: output,
      allowedSigners: { source: 'outside', text: shape.allowedSigners },
      receipt: withReceipt ? shape.receipt : null,
      now: NOW_MS,
      scratchDirectory: directory,
    });
    return verdict === 'VERIFIED' || verdict === 'VERIFIED_PARTIAL';
  } catch (error) {
    // Anything else than our own refusal is a bug, and no detection.
    if (error instanceof ExhibitError) return false;
    throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Every class on one archive of several chunks. Throws when the unchanged file does not pass. */
export async function measureEncrypted(
  shape: Shape,
  extent: { readonly ours: number; readonly seed: number },
): Promise<ClassResult[]> {
  const key = await ageKey();
  const encrypt = async (plain: Buffer): Promise<Buffer> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(key.recipient);
    return Buffer.from(await encrypter.encrypt(plain));
  };
  const file = await encrypt(shape.container);
  const sealed: Sealed = { shape, file, encrypt, payloadAt: parseAgeHeader(file, 'file').bytes.length + 16 };
  if (!(await passes(file, { shape, key, withReceipt: true }))) throw new Error('the unchanged file does not pass');
  const results: ClassResult[] = [];
  for (const [index, [what, change]] of CLASSES.entries()) {
    const choose = choices(extent.seed * 1000 + 500 + index);
    const result: ClassResult = {
      group: 'age file',
      what,
      by: 'anybody',
      isConsistent: false,
      routes: emptyCounts(),
      broken: [],
      allowed: noneAllowed(),
    };
    for (let made = 0; made < extent.ours; made += 1) {
      const changed = await change(sealed, choose);
      if (createHash('sha256').update(changed).digest().equals(createHash('sha256').update(file).digest())) continue;
      for (const route of ['ours', 'ours-receipt'] as const) {
        result.routes[route].tried += 1;
        if (!(await passes(changed, { shape, key, withReceipt: route === 'ours-receipt' }))) continue;
        result.routes[route].missed += 1;
        result.broken.push(`${route}: encrypted`);
      }
    }
    results.push(result);
  }
  return results;
}
