import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addAll,
  EXHIBIT,
  forge,
  steadyClock,
  temporaryCustody,
  trusting,
  VERIFIED,
} from '../../../test/fakes/custody-record.js';
import { memorySigner } from '../../../test/fakes/evidence-case.js';
import { localRemoteKey } from '../../../test/fakes/local-remote-key.js';
import { inHalf } from '../../../test/fakes/other-half.js';
import { runTool } from '../../../test/fakes/stock-tools.js';
import { flipBit } from '../../../test/fakes/verify-bytes.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { SEAL_NAMESPACE } from '../../model/exhibit.js';
import { CUSTODY_NAMESPACE, type CustodyFindingKind, type CustodyRecord } from '../../model/post-seal-custody.js';
import { parseAllowedSigners } from '../allowed-signers.js';
import { createRemoteKeySigner } from '../signers/remote-key-signer.js';
import { compareCustody } from './compare-custody.js';
import { listCustodyFolder } from './custody-folder.js';
import {
  parseCustodyRecord,
  readCustodyFolder,
  type CustodyEvent,
  type ReadCustodyOptions,
} from './read-custody-folder.js';

const releaser = memorySigner();
const receiver = memorySigner();
const stranger = memorySigner();
const trust = { list: trusting(releaser, receiver), atMs: 1_790_000_000_000 };
const EVENTS = 6;

const good = temporaryCustody();
let directory: string;
let archivePath: string;
let folder: string;

beforeAll(async () => {
  await addAll(
    good.archivePath,
    [
      [releaser, { event: 'copy', to: 'vault' }],
      [releaser, { event: 'transfer-out', to: 'Ben', verified: VERIFIED }],
      [receiver, { event: 'transfer-in', from: 'Ann', verified: VERIFIED }],
      [receiver, { event: 'access' }],
      [receiver, { event: 'hold', authority: 'court' }],
      [receiver, { event: 'verify', verified: VERIFIED }],
    ],
    steadyClock(),
  );
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-custody-'));
  archivePath = join(directory, 'archive.tar.gz');
  folder = join(directory, `${EXHIBIT.exhibitId}.custody`);
  cpSync(good.folder, folder, { recursive: true });
  return () => rmSync(directory, { recursive: true });
});
afterAll(() => rmSync(join(good.folder, '..'), { recursive: true }));

const read = async (options: Partial<ReadCustodyOptions> = {}) =>
  await readCustodyFolder({ archivePath, exhibit: EXHIBIT, trust, ...options });
const nameOf = (seq: number): string =>
  readdirSync(folder).find((name) => name.startsWith(String(seq).padStart(4, '0')) && name.endsWith('.json')) ?? '';
const recordOf = (seq: number): CustodyRecord =>
  JSON.parse(readFileSync(join(folder, nameOf(seq)), 'latin1')) as CustodyRecord;
const remove = (name: string): void => rmSync(join(folder, name));
const removeEvent = (seq: number): void => {
  const name = nameOf(seq);
  remove(name);
  remove(`${name}.sig`);
};
const rename = (from: string, to: string): void => {
  for (const suffix of ['', '.sig']) renameSync(join(folder, from + suffix), join(folder, to + suffix));
};
const signedAs = (record: CustodyRecord) => (record.signer === releaser.fingerprint ? releaser : receiver);

/** What an attack must be called, and where. */
async function expectBreak(kind: CustodyFindingKind, seq: number): Promise<void> {
  const reading = await read();
  expect(reading).toMatchObject({ verdict: 'CUSTODY_BROKEN', firstBreak: { kind, seq } });
}

describe('a record that is in order', () => {
  it('is intact: chained, signed by trusted keys, transfers paired', async () => {
    const seen: CustodyEvent[] = [];
    const reading = await read({ onEvent: (event) => seen.push(event) });
    expect(reading).toMatchObject({ verdict: 'CUSTODY_INTACT', events: EVENTS, findingsTotal: 0, openTransfer: null });
    expect(seen.map(({ record, isSound }) => [record.seq, isSound])).toEqual(
      [1, 2, 3, 4, 5, 6].map((seq) => [seq, true]),
    );
    expect(seen[2]?.record.answers).toBe(seen[1]?.sha256);
    expect(reading.headSha256).toBe(seen[5]?.sha256);
  });

  it('is untrusted without a list, with a key that is listed for the seal only, and with one that is no longer valid', async () => {
    const line = (options: string): string =>
      [releaser, receiver].map(({ publicKey }) => `x@test ${options} ${publicKey}\n`).join('');
    for (const list of [
      null,
      parseAllowedSigners(line('namespaces="exhibit-seal@v1"')),
      parseAllowedSigners(line('valid-before="20200101Z"')),
    ])
      expect(await read({ trust: { list, atMs: trust.atMs } })).toMatchObject({
        verdict: 'CUSTODY_UNTRUSTED',
        findingsTotal: EVENTS,
        firstBreak: null,
      });
  });

  it('is empty without events, and without a folder', async () => {
    for (let seq = 1; seq <= EVENTS; seq += 1) removeEvent(seq);
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_EMPTY', isThere: true, events: 0 });
    rmSync(folder, { recursive: true });
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_EMPTY', isThere: false });
  });
});

describe('what somebody does to the files', () => {
  it('one bit anywhere in an event or its signature', async () => {
    const files = readdirSync(folder).filter((name) => name !== '.lock');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat(), async (name, at) => {
        const path = join(folder, name);
        const bytes = readFileSync(path);
        writeFileSync(path, flipBit(bytes, at % (bytes.length * 8)));
        try {
          const { verdict, firstBreak } = await read();
          expect(verdict).toBe('CUSTODY_BROKEN');
          expect(firstBreak?.file.slice(0, 4)).toBe(name.slice(0, 4));
        } finally {
          writeFileSync(path, bytes);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 2, 3, 4, 5])('event %i taken away', async (seq) => {
    removeEvent(seq);
    await expectBreak('missing', seq);
  });

  it.each([1, 3, 6])('event %i taken away, its signature left', async (seq) => {
    remove(nameOf(seq));
    await expectBreak('missing', seq);
  });

  it.each([1, 3, 6])('the signature of event %i taken away', async (seq) => {
    remove(`${nameOf(seq)}.sig`);
    await expectBreak('unsigned', seq);
  });

  it('two events exchanged', async () => {
    rename('0004-access.json', '0099-access.json');
    rename('0005-hold.json', '0004-hold.json');
    rename('0099-access.json', '0005-access.json');
    await expectBreak('reordered', 4);
  });

  it('an event taken away and the later ones counted down', async () => {
    removeEvent(4);
    rename('0005-hold.json', '0004-hold.json');
    rename('0006-verify.json', '0005-verify.json');
    await expectBreak('reordered', 4);
  });

  it('an event under the name of another kind', async () => {
    rename('0005-hold.json', '0005-release.json');
    await expectBreak('broken', 5);
  });

  it('an event twice', async () => {
    for (const suffix of ['', '.sig'])
      copyFileSync(join(folder, `0004-access.json${suffix}`), join(folder, `0007-access.json${suffix}`));
    await expectBreak('reordered', 7);
  });

  it('the other form of an ECDSA signature, which needs no key', async () => {
    const service = await createRemoteKeySigner(localRemoteKey());
    rmSync(folder, { recursive: true });
    await addAll(archivePath, [[service, { event: 'access' }]], steadyClock());
    expect(await read({ trust: { ...trust, list: trusting(service) } })).toMatchObject({ verdict: 'CUSTODY_INTACT' });
    const path = join(folder, '0001-access.json.sig');
    writeFileSync(path, inHalf(readFileSync(path, 'latin1'), 'high'));
    expect(await read({ trust: { ...trust, list: trusting(service) } })).toMatchObject({
      verdict: 'CUSTODY_BROKEN',
      firstBreak: { seq: 1 },
    });
  });

  it('a signature of another event, of another key, for another namespace, of no form', async () => {
    const path = join(folder, '0004-access.json.sig');
    const event = readFileSync(join(folder, '0004-access.json'));
    for (const text of [
      readFileSync(join(folder, '0005-hold.json.sig'), 'latin1'),
      await releaser.sign(event, CUSTODY_NAMESPACE),
      await receiver.sign(event, SEAL_NAMESPACE),
      '',
      'rubbish\n',
    ]) {
      writeFileSync(path, text);
      await expectBreak('bad-signature', 4);
    }
  });

  it.each([
    ['a link to the same bytes', (path: string) => symlinkSync(join(good.folder, '0004-access.json'), path)],
    ['a folder', (path: string) => mkdirSync(path)],
    [
      'a file without end',
      (path: string) => {
        writeFileSync(path, '{');
        truncateSync(path, 2 ** 36);
      },
    ],
    ['nothing', (path: string) => writeFileSync(path, '')],
  ])('%s in place of an event', async (_, make) => {
    remove('0004-access.json');
    make(join(folder, '0004-access.json'));
    await expectBreak('broken', 4);
  });

  it('a pipe in place of an event, without waiting for it', async () => {
    remove('0004-access.json');
    expect(runTool('mkfifo', [join(folder, '0004-access.json')]).status).toBe(0);
    await expectBreak('broken', 4);
  });

  it('something else in the folder, whatever its name is', async () => {
    writeFileSync(join(folder, '\u001b[31m\u202e.json'), '');
    const { findings } = await read();
    expect(findings).toMatchObject([{ kind: 'strange-file', file: '\\x1b[31m\\u{202e}.json' }]);
    expect((await read()).verdict).toBe('CUSTODY_BROKEN');
  });

  it('a folder of more files than a record can have is not read', async () => {
    await expect(listCustodyFolder(folder, 12)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect((await listCustodyFolder(folder, 13)).events).toHaveLength(EVENTS);
  });
});

describe('what somebody with a trusted key does', () => {
  const next = (change: Partial<CustodyRecord>): CustodyRecord => ({ ...recordOf(6), ...change });

  it('two events of one number', async () => {
    await forge(folder, { ...recordOf(5), event: 'release' }, { signer: receiver });
    await expectBreak('forked', 5);
  });

  it('two events of one number, of which one follows from nothing', async () => {
    await forge(folder, { ...recordOf(5), event: 'release', prev: 'e'.repeat(64) }, { signer: receiver });
    expect((await read()).findings).toMatchObject([
      { kind: 'broken', seq: 5 },
      { kind: 'forked', seq: 5 },
    ]);
  });

  it('two events that follow the same one', async () => {
    await forge(folder, next({ seq: 7, prev: recordOf(6).prev }), { signer: receiver });
    await expectBreak('forked', 7);
  });

  it('an event that follows nothing, the beginning, or itself long ago', async () => {
    for (const [prev, kind] of [
      ['e'.repeat(64), 'broken'],
      ['0'.repeat(64), 'forked'],
      [recordOf(4).prev, 'forked'],
    ] as const) {
      await forge(folder, next({ seq: 7, prev }), { signer: receiver });
      await expectBreak(kind, 7);
    }
  });

  it('a number left out', async () => {
    await forge(folder, next({ seq: 8 }), { signer: receiver });
    await expectBreak('missing', 7);
  });

  it('an event of another archive, or of the same exhibit sealed again', async () => {
    const reading = await read();
    for (const change of [
      { exhibitId: 'case-abcd-x0002' },
      { tagmanifestSha256: 'd'.repeat(64) },
      { containerSha256: 'd'.repeat(64) },
    ]) {
      await forge(folder, next({ seq: 7, prev: reading.headSha256, ...change }), { signer: receiver });
      await expectBreak('other-exhibit', 7);
      // What is not known of the archive is known from its first event.
      const known = await read({ exhibit: { exhibitId: EXHIBIT.exhibitId } });
      expect(known.firstBreak).toMatchObject({ kind: 'other-exhibit', seq: 7 });
    }
  });

  it('an event that is older than the one before it', async () => {
    const { headSha256 } = await read();
    await forge(folder, next({ seq: 7, prev: headSha256, monoUs: 1 }), { signer: receiver });
    await expectBreak('reordered', 7);
  });

  it('a changed event, signed again: the next one does not follow from it', async () => {
    const record = { ...recordOf(4), purpose: 'other' };
    await forge(folder, record, { signer: signedAs(record) });
    await expectBreak('broken', 5);
  });

  it('an event signed by a key that it does not name', async () => {
    const path = join(folder, '0006-verify.json');
    writeFileSync(`${path}.sig`, await releaser.sign(readFileSync(path), CUSTODY_NAMESPACE));
    await expectBreak('bad-signature', 6);
  });

  it('the last events taken away: not visible here, visible beside the copy of the other', async () => {
    const theirs = join(directory, 'theirs');
    cpSync(folder, theirs, { recursive: true });
    removeEvent(6);
    removeEvent(5);
    const here: CustodyEvent[] = [];
    expect(await read({ onEvent: (event) => here.push(event) })).toMatchObject({
      verdict: 'CUSTODY_INTACT',
      events: 4,
    });
    const options = { archivePath, exhibit: EXHIBIT, trust, folder: theirs };
    expect(await compareCustody(here, options)).toMatchObject({
      result: 'behind',
      same: 4,
      onlyThere: ['0005-hold.json', '0006-verify.json'],
      verdict: 'CUSTODY_INTACT',
    });
    expect(await compareCustody(here.slice(0, 4), { ...options, folder })).toMatchObject({ result: 'same', same: 4 });
    rmSync(theirs, { recursive: true });
    await expect(compareCustody(here, options)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('a copy that went another way', async () => {
    const theirs = join(directory, 'theirs');
    cpSync(folder, theirs, { recursive: true });
    const here: CustodyEvent[] = [];
    await read({ onEvent: (event) => here.push(event) });
    await forge(theirs, { ...recordOf(6), purpose: 'other' }, { signer: receiver });
    const options = { archivePath, exhibit: EXHIBIT, trust, folder: theirs };
    expect(await compareCustody(here, options)).toMatchObject({ result: 'forked', same: 5 });
    for (const name of readdirSync(theirs)) if (name.startsWith('0006')) rmSync(join(theirs, name));
    expect(await compareCustody(here, options)).toMatchObject({ result: 'ahead', onlyHere: ['0006-verify.json'] });
  });
});

describe('a transfer', () => {
  const append = async (change: Partial<CustodyRecord>, signer = receiver): Promise<string> => {
    const { headSha256, lastSeq } = await read();
    return await forge(folder, { ...recordOf(6), ...change, seq: lastSeq + 1, prev: headSha256 }, { signer });
  };
  const out = { event: 'transfer-out', answers: null } as const;

  it('that nobody countersigned is open', async () => {
    const sha256 = await append(out);
    expect(await read()).toMatchObject({
      verdict: 'CUSTODY_OPEN',
      findings: [{ kind: 'unpaired', seq: 7, file: '0007-transfer-out.json' }],
      openTransfer: { sha256, seq: 7, signer: receiver.fingerprint },
    });
  });

  it('that the receiver took over without a check is open', async () => {
    const answers = await append(out);
    await append({ event: 'transfer-in', answers, verified: null }, releaser);
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_OPEN', findings: [{ kind: 'unpaired', seq: 8 }] });
  });

  it('that the receiver found to be tampered with is open', async () => {
    const answers = await append(out);
    await append({ event: 'transfer-in', answers, verified: { ...VERIFIED, verdict: 'TAMPERED' } }, releaser);
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_OPEN', findings: [{ kind: 'unpaired', seq: 8 }] });
  });

  it.each([
    ['the same key on both sides', async (answers: string) => await append({ event: 'transfer-in', answers })],
    ['an answer to nothing', async () => await append({ event: 'transfer-in', answers: 'f'.repeat(64) }, releaser)],
    ['an answer without a name', async () => await append({ event: 'transfer-in', answers: null }, releaser)],
    ['an answer that is no transfer', async (answers: string) => await append({ event: 'access', answers }, releaser)],
  ])('with %s is no pair', async (_, answer) => {
    await answer(await append(out));
    const { firstBreak, openTransfer } = await read();
    expect(firstBreak).toMatchObject({ kind: 'not-countersigned', seq: 8 });
    expect(openTransfer).not.toBeNull();
  });

  it('of another ciphertext than the one that was handed over is no pair', async () => {
    const answers = await append({ ...out, encryptedSha256: 'd'.repeat(64) });
    await append({ event: 'transfer-in', answers, encryptedSha256: 'e'.repeat(64) }, releaser);
    const { firstBreak, openTransfer } = await read();
    expect(firstBreak).toMatchObject({ kind: 'not-countersigned', seq: 8 });
    expect(firstBreak?.detail).toContain('the ciphertext taken over is not the one that was handed over');
    expect(openTransfer).not.toBeNull();
  });

  it.each([
    ['the same ciphertext', 'd', 'd'],
    ['the plain archive that was decrypted on arrival', 'd', null],
    ['the plain archive that was encrypted on arrival', null, 'd'],
  ])('of %s is complete', async (_, handedOver, takenOver) => {
    const digest = (digit: string | null): string | null => (digit === null ? null : digit.repeat(64));
    const answers = await append({ ...out, encryptedSha256: digest(handedOver) });
    await append({ event: 'transfer-in', answers, encryptedSha256: digest(takenOver) }, releaser);
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_INTACT', openTransfer: null });
  });

  it('is countersigned once', async () => {
    const answers = await append(out);
    await append({ event: 'transfer-in', answers }, releaser);
    expect((await read()).verdict).toBe('CUSTODY_INTACT');
    await append({ event: 'transfer-in', answers }, releaser);
    await expectBreak('not-countersigned', 9);
  });

  it('to somebody whom nobody vouches for is untrusted', async () => {
    const answers = await append(out);
    await append({ event: 'transfer-in', answers }, stranger);
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_UNTRUSTED', findings: [{ kind: 'untrusted', seq: 8 }] });
  });
});

describe('parseCustodyRecord', () => {
  const bytesOf = (value: unknown): Buffer => Buffer.from(`${asciiJson(value)}\n`);

  it('takes what is written as we write it, and nothing else', () => {
    const record = recordOf(1);
    const text = asciiJson(record);
    expect(parseCustodyRecord(bytesOf(record))).toEqual(record);
    for (const other of [
      text,
      `${text}\n\n`,
      `\ufeff${text}\n`,
      `${text}\r\n`,
      ` ${text}\n`,
      `${text.replace('{', '{"seq":1,')}\n`,
      `${text.replace('"seq":1', '"seq":1.0')}\n`,
      `${text.replace('"seq":1', '"seq":0')}\n`,
      `${text.replace('"data":{}', '"data":{"__proto__":1}')}\n`,
      `${text.replace('"data":{}', '"data":{"a":[1]}')}\n`,
      `${text.replace('"remarks":null', `"remarks":"${'x'.repeat(2 ** 20)}"`)}\n`,
      `${text.replace('exhibit-custody/1', 'exhibit-custody/2')}\n`,
      `${text.replace('"answers":null', '"answers":null,"more":1')}\n`,
      `${text.replace('vault', 'v\u00e4ult')}\n`,
      'null\n',
      '[]\n',
      '\n',
      '{'.repeat(100_000),
    ])
      expect(parseCustodyRecord(Buffer.from(other))).toEqual(expect.stringMatching(/^it /));
  });

  it('ends on any bytes', () => {
    const text = asciiJson(recordOf(1));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(text.length), fc.nat(text.length), (bytes, from, cut) => {
        const mutated = Buffer.concat([
          Buffer.from(text.slice(0, from)),
          bytes,
          Buffer.from(text.slice(cut)),
          Buffer.from('\n'),
        ]);
        const parsed = parseCustodyRecord(mutated);
        if (typeof parsed === 'string') expect(parsed).toMatch(/^it /);
        else expect(bytesOf(JSON.parse(mutated.toString()))).toEqual(mutated);
      }),
    );
  });
});
