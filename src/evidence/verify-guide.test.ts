import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  collectOne,
  draftOf,
  factsOf,
  memorySigner,
  newExhibit,
  OPENING,
  outcomeOf,
  planOf,
  quietIo,
  SBOM,
  temporaryStore,
} from '../../test/fakes/evidence-case.js';
import { isSampled } from '../../test/fakes/sampled.js';
import { asciiJson } from '../lib/ascii-json.js';
import { systemClock } from '../lib/clock.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import type { OpenCase } from './case-store.js';
import { GZIP_HEADER } from './gzip-format.js';
import { sealExhibit } from './seal-exhibit.js';
import type { SealedExhibit } from './seal-exhibit.js';
import { verifyArchive } from './verify/verify-archive.js';

const signer = memorySigner();
const stranger = memorySigner();
let home: string;
let openCase: OpenCase;
let sealed: SealedExhibit;
let guide: string;

async function sealOne(key: typeof signer, name: string): Promise<SealedExhibit> {
  const exhibit = await openCase.openExhibit({ kind: 'incident' });
  await exhibit.writeOpening(OPENING);
  for (const item of ['a', 'b', name]) await collectOne(exhibit, item, Buffer.from(`payload of ${item}\n`));
  await exhibit.plan(planOf('logs/denied "\\'));
  await exhibit.outcome({ ...outcomeOf('logs/denied "\\', 'denied'), detail: 'caf\u00e9 \u202e \u0007' });
  await exhibit.plan(planOf('logs/empty'));
  const empty = await exhibit.sink.open(draftOf('logs/empty', 'data/empty.log'));
  await empty.commit({ ...factsOf('logs/empty'), nameDisplay: '"rereadSha256":null' });
  await exhibit.outcome(outcomeOf('logs/empty'));
  const policy = { requireTimestamp: false, requireSigners: 1 };
  return await sealExhibit({ openCase, exhibit, signer: key, clock: systemClock, io: quietIo, policy, sbom: SBOM });
}

/** The archive as a list of files, to be changed and packed again. */
interface File {
  readonly header: Buffer;
  readonly path: string;
  readonly bytes: Buffer;
}

function unpack(archive: string): File[] {
  const tar = gunzipSync(readFileSync(archive));
  const files: File[] = [];
  for (let at = 0; tar[at] !== 0;) {
    const header = tar.subarray(at, at + 512);
    const size = parseInt(header.toString('latin1', 124, 135), 8);
    const path = header.toString('latin1', 0, 100).replace(/\0.*$/s, '');
    files.push({ header, path: path.slice(path.indexOf('/') + 1), bytes: tar.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

function headerOf(template: Buffer, path: string, sizeBytes: number): Buffer {
  const header = Buffer.from(template);
  header.fill(0, 0, 100).write(path, 'latin1');
  header.write(sizeBytes.toString(8).padStart(11, '0'), 124, 'latin1');
  header.fill(' ', 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return header;
}

function pack(files: readonly { readonly header: Buffer; readonly bytes: Buffer }[]): Buffer {
  const pieces = files.flatMap(({ header, bytes }) => [header, bytes, Buffer.alloc(-bytes.length & 511)]);
  return gzipped(Buffer.concat([...pieces, Buffer.alloc(1024)]));
}

/** As somebody with the key would do it who changed the files: manifests and signature made again. */
async function sealAgain(files: readonly File[]): Promise<Buffer> {
  const sums = (of: readonly File[]): Buffer =>
    Buffer.from(
      of
        .map(({ path, bytes }) => `${createHash('sha256').update(bytes).digest('hex')}  ${path}\n`)
        .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
        .join(''),
    );
  const manifest = sums(files.filter(({ path }) => path.startsWith('data/')));
  const listed = files.map((file) => (file.path === 'manifest-sha256.txt' ? { ...file, bytes: manifest } : file));
  const tagmanifest = sums(listed.filter(({ path }) => !/^(data|seal)\/|^tagmanifest/.test(path)));
  const signature = Buffer.from(await signer.sign(tagmanifest, SEAL_NAMESPACE));
  return pack(
    listed.map((file) => {
      const bytes =
        file.path === 'tagmanifest-sha256.txt' ? tagmanifest : file.path.endsWith('.sig') ? signature : file.bytes;
      return { bytes, header: headerOf(file.header, `${sealed.statement.exhibitId}/${file.path}`, bytes.length) };
    }),
  );
}

/** Runs the code blocks of VERIFY.md as they stand. */
function follow(
  archive: string,
  options: { readonly receipt?: string; readonly trusted?: string } = {},
): { status: number | null; output: string } {
  const script = [...guide.matchAll(/^~~~ bash\n(.*?)^~~~$/gms)].map((block) => block[1] ?? '').join('');
  const allowedSigners = join(home, 'allowed_signers');
  writeFileSync(allowedSigners, `reviewer namespaces="${SEAL_NAMESPACE}" ${options.trusted ?? signer.publicKey}\n`);
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail'], {
    input: script,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      TMPDIR: home,
      HOME: home,
      ARCHIVE: archive,
      RECEIPT: options.receipt ?? sealed.receiptPath,
      ALLOWED_SIGNERS: allowedSigners,
    },
  });
  return { status, output: stdout + stderr };
}

/** What our own verifier says of the same file with the same trust. */
async function verdictOf(archivePath: string, trusted = signer.publicKey, withReceipt = true): Promise<string> {
  const allowedSigners = { source: 'test', text: `reviewer namespaces="${SEAL_NAMESPACE}" ${trusted}\n` };
  const report = await verifyArchive({
    archivePath,
    allowedSigners,
    receipt: withReceipt ? sealed.receipt : null,
    now: systemClock.nowMs(),
  });
  return report.verdict;
}

beforeAll(async () => {
  const temporary = temporaryStore();
  home = temporary.home;
  const opened = await newExhibit(temporary.store);
  ({ openCase } = opened);
  await openCase.giveUp(opened.exhibit, 'a test');
  sealed = await sealOne(signer, 'c');
  guide =
    unpack(sealed.archivePath)
      .find(({ path }) => path === 'VERIFY.md')
      ?.bytes.toString('latin1') ?? '';
});

afterAll(async () => {
  await openCase.release();
});

describe('VERIFY.md', () => {
  it('is plain ASCII without digests of the archive, and every value is filled in', () => {
    expect(guide).toMatch(/^[\x20-\x7e\n]+$/);
    expect(guide).not.toMatch(/@[A-Z_]+@/);
    expect(guide).toContain(`Exhibit ${sealed.statement.exhibitId}, case ${sealed.statement.caseId}, kind: incident`);
    expect(guide).toContain(`Signed with the key ${signer.fingerprint}.`);
    expect(guide).not.toContain(sealed.receipt.tagmanifestSha256);
    expect(guide).not.toContain(sealed.statement.custodyHeadSha256);
  });

  it('leads to the end for a good archive, with and without the receipt', async () => {
    expect(follow(sealed.archivePath)).toMatchObject({
      status: 0,
      output: expect.stringContaining('all checks passed') as string,
    });
    expect(follow(sealed.archivePath, { receipt: '' })).toMatchObject({ status: 0 });
    expect(await verdictOf(sealed.archivePath)).toBe('VERIFIED_PARTIAL');
  });

  it('stops at a key that is not trusted', async () => {
    expect(follow(sealed.archivePath, { trusted: stranger.publicKey }).status).not.toBe(0);
    expect(await verdictOf(sealed.archivePath, stranger.publicKey)).toBe('UNTRUSTED_SIGNER');
  });

  const edit =
    (path: string, change: (bytes: Buffer) => Buffer) =>
    (files: File[]): Buffer =>
      pack(
        files.map((file) => {
          if (file.path !== path) return file;
          const bytes = change(file.bytes);
          return { bytes, header: headerOf(file.header, `${sealed.statement.exhibitId}/${path}`, bytes.length) };
        }),
      );
  const flipAt =
    (at: number) =>
    (bytes: Buffer): Buffer => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return changed;
    };
  const added = (files: File[], path: string, after: string): Buffer =>
    pack(
      files.flatMap((file) =>
        file.path === after
          ? [
              file,
              {
                bytes: Buffer.from('planted'),
                header: headerOf(file.header, `${sealed.statement.exhibitId}/${path}`, 7),
              },
            ]
          : [file],
      ),
    );
  const packed = (archive: Buffer): Buffer => gunzipSync(archive);

  const tampers: [string, (files: File[], archive: Buffer) => Buffer][] = [
    ['a changed payload byte', edit('data/pods/a/current.log', flipAt(0))],
    ['a changed tag file', edit('meta/tool/config.yaml', flipAt(0))],
    ['a changed line of the custody log', edit('custody/acquisition.jsonl', flipAt(200))],
    ['a changed manifest', edit('manifest-sha256.txt', flipAt(0))],
    ['a changed tagmanifest', edit('tagmanifest-sha256.txt', flipAt(0))],
    ['a changed signature', edit('seal/tagmanifest-sha256.txt.sig', flipAt(120))],
    [
      'a signature with a line after it',
      edit('seal/tagmanifest-sha256.txt.sig', (bytes) => Buffer.concat([bytes, Buffer.from('note\n')])),
    ],
    ['another key beside the signature', edit('seal/signer.pub', () => Buffer.from(`${stranger.publicKey}\n`))],
    [
      'a comment in a manifest',
      edit('manifest-sha256.txt', (bytes) => Buffer.concat([Buffer.from('# a comment\n'), bytes])),
    ],
    ['a planted payload file', (files) => added(files, 'data/pods/a/planted.log', 'data/pods/a/current.log')],
    ['a planted tag file', (files) => added(files, 'meta/planted.json', 'meta/plan.jsonl')],
    ['a planted file beside the seal', (files) => added(files, 'seal/zzz', 'seal/tagmanifest-sha256.txt.sig')],
    ['a missing payload file', (files) => pack(files.filter(({ path }) => path !== 'data/pods/b/current.log'))],
    ['a missing tag file', (files) => pack(files.filter(({ path }) => path !== 'meta/clock.jsonl'))],
    ['no seal', (files) => pack(files.filter(({ path }) => !path.startsWith('seal/')))],
    [
      'a file twice',
      (files) => pack(files.flatMap((file) => (file.path === 'data/empty.log' ? [file, file] : [file]))),
    ],
    [
      'files in another order',
      (files) => pack([...files.slice(0, 4), ...files.slice(4, 6).reverse(), ...files.slice(6)]),
    ],
    [
      'an owner in a header',
      (files) =>
        pack(
          files.map((file) =>
            file.path === 'data/empty.log' ? { ...file, header: Buffer.from(file.header).fill('r', 265, 266) } : file,
          ),
        ),
    ],
    [
      'a link',
      (files) =>
        pack(
          files.map((file) =>
            file.path === 'data/empty.log' ? { ...file, header: Buffer.from(file.header).fill('2', 156, 157) } : file,
          ),
        ),
    ],
    ['bytes after the gzip member', (_, archive) => Buffer.concat([archive, Buffer.from('tail')])],
    ['a second gzip member', (_, archive) => Buffer.concat([archive, gzipSync('more')])],
    ['a second tar after the first', (_, archive) => gzipped(Buffer.concat([packed(archive), packed(archive)]))],
    ['more zeros at the end', (_, archive) => gzipped(Buffer.concat([packed(archive), Buffer.alloc(512)]))],
    [
      'a tar cut between two files',
      (files, archive) => gzipped(packed(archive).subarray(0, lengthOf(files.slice(0, -1)))),
    ],
    ['a cut file', (_, archive) => archive.subarray(0, archive.length - 5)],
    [
      'bytes in the padding',
      (_, archive) => gzipped(flipAt(lengthOf(unpack(sealed.archivePath).slice(0, 1)) - 1)(packed(archive))),
    ],
    [
      'another system in the gzip header',
      (_, archive) => Buffer.concat([archive.subarray(0, 9), Buffer.from([7]), archive.subarray(10)]),
    ],
    [
      'a name in the gzip header',
      (_, archive) =>
        Buffer.concat([
          archive.subarray(0, 3),
          Buffer.from([8]),
          archive.subarray(4, 10),
          Buffer.from('x\0'),
          archive.subarray(10),
        ]),
    ],
  ];

  it('leads to the end for the same files packed anew, so that what follows is about the changes', async () => {
    const path = join(home, 'control.tar.gz');
    writeFileSync(path, pack(unpack(sealed.archivePath)));
    expect(follow(path, { receipt: '' })).toMatchObject({ status: 0 });
    expect(await verdictOf(path, signer.publicKey, false)).toBe('VERIFIED_PARTIAL');
    writeFileSync(path, await sealAgain(unpack(sealed.archivePath)));
    expect(follow(path, { receipt: '' })).toMatchObject({ status: 0 });
    expect(await verdictOf(path, signer.publicKey, false)).toBe('VERIFIED_PARTIAL');
  });

  /** Changed text in one file, all hashes and the signature made again: what only the cross-checks can find. */
  const forgeries: [string, string, (text: string) => string][] = [
    ['a broken custody chain', 'custody/acquisition.jsonl', (text) => text.replace('"event":"gap"', '"event":"item"')],
    ['a custody log without its last entry', 'custody/acquisition.jsonl', (text) => text.replace(/[^\n]*\n$/, '')],
    ['an artifact without outcome', 'meta/outcomes.jsonl', (text) => text.slice(text.indexOf('\n') + 1)],
    [
      'an outcome that is better than it was',
      'meta/outcomes.jsonl',
      (text) => text.replace('"outcome":"denied"', '"outcome":"absent"'),
    ],
    [
      'an artifact that is required in the plan only',
      'meta/outcomes.jsonl',
      (text) => text.replace('"required":true', '"required":false'),
    ],
    [
      'an item of an unplanned artifact',
      'meta/items.jsonl',
      (text) => text.replace('"artifact":"logs/a"', '"artifact":"logs/0"'),
    ],
    ['an item with another size', 'meta/items.jsonl', (text) => text.replace('"sizeBytes":13', '"sizeBytes":14')],
    ['items out of order', 'meta/items.jsonl', (text) => text.split('\n').slice(0, -1).reverse().join('\n') + '\n'],
    ['a number with a fraction', 'meta/outcomes.jsonl', (text) => text.replace('"attempts":1', '"attempts":1.0')],
    ['a key twice', 'meta/outcomes.jsonl', (text) => text.replace('"attempts":1', '"attempts":1,"attempts":1')],
    [
      'another count in the statement',
      'meta/exhibit.json',
      (text) => text.replace('"payloadFiles":4', '"payloadFiles":5'),
    ],
    [
      'a better completeness in the statement',
      'meta/exhibit.json',
      (text) => text.replace('"completeness":"partial"', '"completeness":"complete"'),
    ],
    ['another case in the statement', 'meta/exhibit.json', (text) => text.replace('"sequence":2', '"sequence":3')],
    ['another count in bag-info.txt', 'bag-info.txt', (text) => text.replace('Payload-Oxum: ', 'Payload-Oxum: 1')],
    ['a last record without LF', 'meta/plan.jsonl', (text) => text.slice(0, -1)],
  ];

  /** Stock tools follow the guide each time. */
  const sampleOf = <T>(all: readonly T[]): readonly T[] => (isSampled ? all.filter((_, at) => at % 7 === 0) : all);

  it.each(sampleOf(forgeries))(
    'stops at %s under a good signature, and so does our own verifier',
    async (name, file, change) => {
      const path = join(home, `${name.replaceAll(/[^a-z]/g, '-')}.tar.gz`);
      const files = unpack(sealed.archivePath).map((entry) =>
        entry.path === file
          ? { ...entry, bytes: Buffer.from(change(entry.bytes.toString('latin1')), 'latin1') }
          : entry,
      );
      expect(files.map(({ bytes }) => bytes)).not.toEqual(unpack(sealed.archivePath).map(({ bytes }) => bytes));
      writeFileSync(path, await sealAgain(files));
      expect(follow(path, { receipt: '' })).toMatchObject({
        status: 1,
        output: expect.stringMatching(/the records are not as they must be|JSON|Error/) as string,
      });
      expect(await verdictOf(path, signer.publicKey, false)).toBe('TAMPERED');
    },
  );

  it.each(sampleOf(tampers))('stops at %s, and so does our own verifier', async (name, tamper) => {
    const path = join(home, `${name.replaceAll(' ', '-')}.tar.gz`);
    writeFileSync(path, tamper(unpack(sealed.archivePath), readFileSync(sealed.archivePath)));
    // Without the receipt, which would notice every change of the container at once.
    const { status, output } = follow(path, { receipt: '' });
    expect([status, output]).not.toEqual([0, output]);
    expect(output).not.toContain('all checks passed');
    expect(await verdictOf(path, signer.publicKey, false)).not.toMatch(/^VERIFIED/);
  });

  it('stops at another good archive of the same signer when the receipt is that of this one', async () => {
    const other = await sealOne(signer, 'd');
    expect(follow(other.archivePath).status).not.toBe(0);
    const altered = join(home, 'altered.receipt.json');
    writeFileSync(altered, asciiJson({ ...sealed.receipt, custodyEntries: sealed.receipt.custodyEntries + 1 }));
    expect(follow(sealed.archivePath, { receipt: altered }).status).not.toBe(0);
    expect(await verdictOf(other.archivePath)).toBe('TAMPERED');
  });
});

function gzipped(tar: Buffer): Buffer {
  const gzip = gzipSync(tar, { level: 1 });
  GZIP_HEADER.copy(gzip);
  return gzip;
}

function lengthOf(files: readonly File[]): number {
  return files.reduce((sum, { bytes }) => sum + 512 + Math.ceil(bytes.length / 512) * 512, 0);
}
