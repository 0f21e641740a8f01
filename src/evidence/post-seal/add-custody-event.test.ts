import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addAll,
  EXHIBIT,
  steadyClock,
  temporaryCustody,
  trusting,
  VERIFIED,
} from '../../../test/fakes/custody-record.js';
import { memorySigner } from '../../../test/fakes/evidence-case.js';
import { CUSTODY_NAMESPACE, type NewCustodyEvent } from '../../model/post-seal-custody.js';
import { takeCaseLock } from '../case-lock.js';
import { parseSshsig, verifySshsig } from '../sshsig.js';
import { addCustodyEvent } from './add-custody-event.js';
import { parseCustodyRecord, readCustodyFolder } from './read-custody-folder.js';
import { readRetimestamps } from './retimestamps.js';

const releaser = memorySigner();
const receiver = memorySigner();
const trust = { list: trusting(releaser, receiver), atMs: 1_790_000_000_000 };

let archivePath: string;
let folder: string;

beforeEach(() => {
  ({ archivePath, folder } = temporaryCustody());
  return () => rmSync(dirname(folder), { recursive: true });
});

const add = async (event: NewCustodyEvent, signer = releaser, exhibit = EXHIBIT) =>
  await addCustodyEvent({ archivePath, exhibit, event, signer, clock: steadyClock() });
const read = async () => await readCustodyFolder({ archivePath, exhibit: EXHIBIT, trust });
const filesIn = (): string[] =>
  readdirSync(folder)
    .filter((name) => name !== '.lock')
    .sort();

describe('addCustodyEvent', () => {
  it('writes one file and its signature an event, chained, for the owner only', async () => {
    const [first, second] = await addAll(
      archivePath,
      [
        [releaser, { event: 'copy', to: 'vault', location: 'room 4', data: { destination: 's3://x', attempts: 2 } }],
        [releaser, { event: 'transfer-out', from: 'Ann', to: 'Ben', purpose: 'analysis', verified: VERIFIED }],
      ],
      steadyClock(),
    );
    expect(filesIn()).toEqual([
      '0001-copy.json',
      '0001-copy.json.sig',
      '0002-transfer-out.json',
      '0002-transfer-out.json.sig',
    ]);
    const bytes = readFileSync(join(folder, '0001-copy.json'));
    expect(first).toMatchObject({ sequence: 1, path: join(folder, '0001-copy.json'), finished: null });
    expect(first?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(JSON.parse(bytes.toString())).toEqual({
      format: 'exhibit-custody/1',
      seq: 1,
      prev: '0'.repeat(64),
      at: '2026-09-21T14:13:23.000Z',
      monoUs: 1_790_000_003_000_000,
      bootId: 'boot-of-the-test',
      ...EXHIBIT,
      encryptedSha256: null,
      event: 'copy',
      answers: null,
      signer: releaser.fingerprint,
      from: null,
      to: 'vault',
      location: 'room 4',
      purpose: null,
      authority: null,
      remarks: null,
      verified: null,
      data: { destination: 's3://x', attempts: 2 },
    });
    expect(JSON.parse(readFileSync(second?.path ?? '', 'utf8'))).toMatchObject({ seq: 2, prev: first?.sha256 });
    const signature = parseSshsig(readFileSync(first?.signaturePath ?? '', 'latin1'));
    expect(signature && verifySshsig(signature, bytes, CUSTODY_NAMESPACE)).toBe(true);
    expect(filesIn().map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual(Array(4).fill(0o600));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('lets the receiver countersign the newest open transfer-out, and nobody else', async () => {
    const [out] = await addAll(archivePath, [[releaser, { event: 'transfer-out', to: 'Ben' }]]);
    await expect(add({ event: 'transfer-in', verified: VERIFIED })).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect((await read()).verdict).toBe('CUSTODY_OPEN');
    const into = await add({ event: 'transfer-in', verified: VERIFIED }, receiver);
    expect(JSON.parse(readFileSync(into.path, 'utf8'))).toMatchObject({ answers: out?.sha256 });
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_INTACT', events: 2, findings: [] });
    await expect(add({ event: 'transfer-in', verified: VERIFIED }, receiver)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });
    expect(filesIn()).toHaveLength(4);
  });

  it('refuses to countersign the transfer of another ciphertext', async () => {
    const handedOver = { ...EXHIBIT, encryptedSha256: 'd'.repeat(64) };
    await add({ event: 'transfer-out', to: 'Ben' }, releaser, handedOver);
    const other = { ...EXHIBIT, encryptedSha256: 'e'.repeat(64) };
    await expect(add({ event: 'transfer-in', verified: VERIFIED }, receiver, other)).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      message: expect.stringContaining(`expected ${'d'.repeat(64)}, found ${'e'.repeat(64)}`) as string,
    });
    expect(filesIn()).toHaveLength(2);
    await add({ event: 'transfer-in', verified: VERIFIED }, receiver, handedOver);
    expect((await read()).verdict).toBe('CUSTODY_INTACT');
  });

  it('refuses texts and data beyond their bounds, and leaves nothing', async () => {
    const wrong: object[] = [
      { event: 'copy', remarks: 'x'.repeat(2 ** 20) },
      { event: 'copy', to: 'x'.repeat(501) },
      { event: 'copy', to: '' },
      { event: 'steal' },
      { event: 'copy', data: { 'not a name': 1 } },
      { event: 'copy', data: { half: 0.5 } },
      { event: 'copy', data: { big: 2 ** 53 } },
      { event: 'copy', data: { long: 'x'.repeat(96 * 1024 + 1) } },
      { event: 'copy', data: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${String(n)}`, n])) },
      { event: 'copy', data: { one: '\u0001'.repeat(60_000) } },
      { event: 'copy', surprise: 1 },
    ];
    for (const event of wrong)
      await expect(add(event as NewCustodyEvent)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    expect(existsSync(folder) ? filesIn() : []).toEqual([]);
    const other = { ...EXHIBIT, exhibitId: '../../etc' };
    await expect(add({ event: 'copy' }, releaser, other)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('keeps any text as it was given, in printable ASCII', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
        fc.constantFrom('=1+1', '\u202e\u2066', '\u001b]0;x\u0007', '\n{"seq":9}\n', '"\\', '\ud83d\ude00'),
        async (text, hostile) => {
          const remarks = text + hostile;
          const { path } = await add({ event: 'access', remarks });
          const bytes = readFileSync(path);
          expect(bytes.toString('latin1')).toMatch(/^[\x20-\x7e]+\n$/);
          expect(parseCustodyRecord(bytes)).toMatchObject({ remarks: remarks.replace(/\p{Surrogate}/gu, '\ufffd') });
        },
      ),
      { numRuns: 12 },
    );
    expect((await read()).verdict).toBe('CUSTODY_INTACT');
  });

  it('adds nothing to a record that is not in order or is about another archive', async () => {
    await add({ event: 'copy' });
    const path = join(folder, '0001-copy.json');
    const bytes = readFileSync(path, 'latin1');
    const other = { ...EXHIBIT, containerSha256: 'd'.repeat(64) };
    await expect(add({ event: 'copy' }, releaser, other)).rejects.toMatchObject({ code: 'CUSTODY_BROKEN' });
    writeFileSync(path, bytes.replace('"copy"', '"hold"'));
    await expect(add({ event: 'copy' })).rejects.toMatchObject({ code: 'CUSTODY_BROKEN' });
    expect(filesIn()).toEqual(['0001-copy.json', '0001-copy.json.sig']);
  });

  it('writes nothing with a key that signs something else', async () => {
    const lying = { ...releaser, sign: receiver.sign };
    await expect(add({ event: 'copy' }, lying)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    const wrong = { ...releaser, sign: async () => await releaser.sign(Buffer.from('other'), CUSTODY_NAMESPACE) };
    await expect(add({ event: 'copy' }, wrong)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect(filesIn()).toEqual([]);
  });

  it('follows no link in place of the folder', async () => {
    mkdirSync(join(dirname(folder), 'elsewhere'));
    symlinkSync(join(dirname(folder), 'elsewhere'), folder);
    await expect(add({ event: 'copy' })).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
    await expect(read()).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
    expect(readdirSync(join(dirname(folder), 'elsewhere'))).toEqual([]);
  });

  it('lets one writer in at a time', async () => {
    await add({ event: 'copy' });
    const lock = await takeCaseLock(join(folder, '.lock'), steadyClock());
    await expect(add({ event: 'copy' })).rejects.toMatchObject({
      code: 'CASE_LOCKED',
      message: expect.stringContaining('the custody folder is in use by process') as string,
    });
    await lock.release();
    expect((await add({ event: 'copy' })).sequence).toBe(2);
    const outcomes = await Promise.allSettled([
      add({ event: 'hold' }),
      add({ event: 'release' }),
      add({ event: 'copy' }),
    ]);
    const written = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(written).toBeGreaterThan(0);
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_INTACT', events: 2 + written });
  });
});

describe('a writer that died', () => {
  const path = (name: string): string => join(folder, name);

  it('after the signature: the event is told as unfinished, and finished by the next', async () => {
    await add({ event: 'copy' });
    await add({ event: 'hold' });
    renameSync(path('0002-hold.json'), path('0002-hold.json.partial'));
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_OPEN', events: 1, findings: [{ kind: 'unfinished' }] });
    const next = await add({ event: 'release' });
    expect(next).toMatchObject({ sequence: 3, finished: '0002-hold.json' });
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_INTACT', events: 3 });
  });

  it('before the signature had its name: the event never happened', async () => {
    await add({ event: 'copy' });
    const leftovers = [['0002-hold.json.partial'], ['0003-hold.json.partial', '0003-hold.json.sig.partial']];
    for (const [number, left] of leftovers.entries()) {
      for (const name of left) writeFileSync(path(name), 'torn');
      expect(await read()).toMatchObject({ verdict: 'CUSTODY_OPEN', events: number + 1 });
      expect(await add({ event: 'access' })).toMatchObject({ finished: null, sequence: number + 2 });
      expect(filesIn().filter((name) => name.includes('partial') || name.includes('hold'))).toEqual([]);
    }
    expect(await read()).toMatchObject({ verdict: 'CUSTODY_INTACT', events: 3 });
  });

  it('and whose unfinished event somebody changed: nothing is added', async () => {
    await add({ event: 'copy' });
    const bytes = readFileSync(path('0001-copy.json'), 'latin1');
    renameSync(path('0001-copy.json'), path('0001-copy.json.partial'));
    writeFileSync(path('0001-copy.json.partial'), bytes.replace('case-abcd-x0001', 'case-abcd-x0002'));
    await expect(add({ event: 'copy' })).rejects.toMatchObject({ code: 'CUSTODY_BROKEN' });
    expect(filesIn()).toEqual(['0001-copy.json.partial', '0001-copy.json.sig']);
  });
});

describe('readRetimestamps', () => {
  it('gives the events that stand before the first break, with their data', async () => {
    const data = { tsq: 'AAAA', tsr: 'B'.repeat(90_000), chain: 'C'.repeat(60_000) };
    await addAll(archivePath, [
      [releaser, { event: 'retimestamp', data }],
      [receiver, { event: 'access' }],
      [receiver, { event: 'retimestamp', data: { tsq: 'later' } }],
    ]);
    const whole = await readRetimestamps({ archivePath, exhibit: EXHIBIT, trust });
    expect(whole.retimestamps).toMatchObject([
      { seq: 1, data, principal: 'signer0@test', fingerprint: releaser.fingerprint },
      { seq: 3, data: { tsq: 'later' } },
    ]);
    writeFileSync(join(folder, '0002-access.json'), 'changed\n');
    const cut = await readRetimestamps({ archivePath, exhibit: EXHIBIT, trust });
    expect(cut.retimestamps.map(({ seq }) => seq)).toEqual([1]);
    const elsewhere = { ...EXHIBIT, containerSha256: 'd'.repeat(64) };
    expect((await readRetimestamps({ archivePath, exhibit: elsewhere, trust })).retimestamps).toEqual([]);
    const untrusted = await readRetimestamps({ archivePath, exhibit: EXHIBIT, trust: { list: null, atMs: 0 } });
    expect(untrusted.retimestamps).toMatchObject([{ principal: null }]);
  });
});
