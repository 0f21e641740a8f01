import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readParent } from '../evidence/derive/parent-stream.js';
import type { ExhibitSpool } from '../evidence/exhibit-spool.js';
import { verifyArchive } from '../evidence/verify/verify-archive.js';
import { systemClock } from '../lib/clock.js';
import type { Message } from '../model/message.js';
import { parseRedactionRules, type RedactionRecord } from '../model/redaction.js';
import {
  collectOne,
  draftOf,
  factsOf,
  memorySigner,
  OPENING,
  outcomeOf,
  planOf,
  quietIo,
  SBOM,
} from '../../test/fakes/evidence-case.js';
import { sealedCase, type SealedCase } from '../../test/fakes/sealed-case.js';
import { answer, makeTsa } from '../../test/fakes/token-maker.js';
import { ExhibitError } from '../model/errors.js';
import { derive, type DeriveDeps, type DeriveRequest, type DeriveSummary } from './derive.js';
import { seal } from './seal.js';

const SECRET = 'hunter2-and-more';
const LOG = `one\npassword=${SECRET}\nthree ${String.fromCharCode(0xff)}\n`;
const PAGE = '{"items":[{"metadata":{"name":"a"},"data":{"pin":1234}},{"data":{"x":"y"}}]}\n';

let made: SealedCase | undefined;

afterEach(() => {
  if (made !== undefined) rmSync(made.home, { recursive: true, force: true });
  made = undefined;
});

async function put(
  exhibit: ExhibitSpool,
  path: string,
  bytes: string | Buffer,
  more: { readonly artifact?: string; readonly derivedFrom?: readonly string[]; readonly isLast?: boolean } = {},
): Promise<void> {
  const { artifact = `logs/${path}`, derivedFrom, isLast = true } = more;
  if (!exhibit.hasPlan(artifact)) await exhibit.plan(planOf(artifact));
  const writer = await exhibit.sink.open(draftOf(artifact, path));
  await writer.write(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes, 'latin1'));
  await writer.commit({ ...factsOf(artifact), ...(derivedFrom === undefined ? {} : { derivedFrom }) });
  if (isLast) await exhibit.outcome({ ...outcomeOf(artifact), proof: { status: 200, sha256: 'a'.repeat(64) } });
}

/** Two logs, a list with its index, and something that failed. */
async function fill(exhibit: ExhibitSpool): Promise<void> {
  await put(exhibit, 'data/pods/shop/web/current.log', LOG);
  await collectOne(exhibit, 'quiet', Buffer.from('nothing here\n'));
  await put(exhibit, 'data/lists/configmaps/page-0001.json', PAGE, { artifact: 'list/configmaps', isLast: false });
  await put(exhibit, 'data/derived/configmaps/index.jsonl', '{"name":"a"}\n', {
    artifact: 'list/configmaps',
    derivedFrom: ['data/lists/configmaps/page-0001.json'],
  });
  await exhibit.plan(planOf('logs/gone', false));
  await exhibit.outcome(outcomeOf('logs/gone', 'absent', false));
}

const rules = (...list: Record<string, unknown>[]): DeriveRequest['rules'] =>
  parseRedactionRules(
    { apiVersion: 'kubexhibit.dev/v1', kind: 'RedactionRules', metadata: { name: 'test' }, rules: list },
    'test',
  );

const PASSWORDS = { id: 'passwords', paths: ['data/**/*.log'], text: { after: 'password=', match: '\\S+' } };
const PINS = { id: 'pins', paths: ['data/lists/**/*.json'], json: { keys: ['pin'] } };

interface Ran {
  readonly summary: DeriveSummary;
  readonly messages: readonly Message[];
}

async function run(
  sealed: SealedCase,
  request: Partial<DeriveRequest> & Pick<DeriveRequest, 'rules'>,
  deps: Partial<DeriveDeps> = {},
): Promise<Ran> {
  const messages: Message[] = [];
  const summary = await derive(
    {
      parent: {
        archivePath: sealed.sealed.archivePath,
        allowedSigners: { source: 'test', text: sealed.trust },
        receiptPath: null,
        requireComplete: false,
      },
      accepted: null,
      acceptedFindings: null,
      caseId: null,
      outputDirectory: null,
      isRecorded: true,
      ...request,
    },
    {
      store: sealed.store,
      signer: sealed.signer,
      countersigners: [],
      timestampers: [],
      tool: OPENING.tool,
      os: { user: 'tester', host: 'bench' },
      sbom: SBOM,
      clock: systemClock,
      io: {
        emit: (code, text, data) =>
          messages.push({ code, text, level: 'info', at: '', ...(data === undefined ? {} : { data }) }),
        progress: () => undefined,
      },
      signal: new AbortController().signal,
      scratchDirectory: sealed.home,
      ...deps,
    },
  );
  return { summary, messages };
}

async function filesOf(path: string, containerSha256: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const piece of readParent(path, containerSha256))
    files.set(piece.path, (files.get(piece.path) ?? '') + piece.bytes.toString('latin1'));
  return files;
}

async function copyOf({ archivePath, receipt }: DeriveSummary): Promise<Map<string, string>> {
  return await filesOf(archivePath, receipt.containerSha256);
}

function ledgerOf(files: ReadonlyMap<string, string>): RedactionRecord[] {
  const text = files.get('data/derived/redactions.jsonl') ?? '';
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RedactionRecord);
}

describe('the seal of a copy', () => {
  it('carries two signatures and a token of its own, as its policy then demands', async () => {
    made = await sealedCase(fill);
    const second = memorySigner();
    const tsa = makeTsa();
    const stamper = {
      url: 'http://tsa.test/',
      stamp: (query: Uint8Array) => Promise.resolve(answer(tsa, Buffer.from(query))),
    };
    const { summary } = await run(
      made,
      { rules: rules(PASSWORDS, PINS) },
      { countersigners: [second], timestampers: [stamper] },
    );
    expect(summary.statement.policy).toEqual({ requireTimestamp: true, requireSigners: 2 });
    expect(summary).toMatchObject({ timestamps: [{ url: 'http://tsa.test/' }], timestampFailures: [] });
    const trust = `${made.trust}second ${second.publicKey}\n`;
    const verdict = async (text: string, root: string | null): Promise<string> =>
      (
        await verifyArchive({
          archivePath: summary.archivePath,
          allowedSigners: { source: 'test', text },
          tsaRoots: root === null ? null : { source: 'test', text: root },
          now: systemClock.nowMs(),
        })
      ).verdict;
    expect(await verdict(trust, tsa.root.pem)).toMatch(/^VERIFIED/);
    expect(await verdict(made.trust, tsa.root.pem)).toBe('UNTRUSTED_SIGNER');
    expect(await verdict(trust, null)).toBe('INTACT_UNTIMESTAMPED');
  });

  it('is made without a token when no authority answers, and its policy still asks for one', async () => {
    made = await sealedCase(fill);
    const silent = {
      url: 'http://tsa.test/',
      stamp: () => Promise.reject(new ExhibitError('TIMESTAMP_FAILED', 'it does not answer')),
    };
    const { summary } = await run(made, { rules: rules(PASSWORDS, PINS) }, { timestampers: [silent] });
    expect(summary).toMatchObject({
      report: { verdict: 'INTACT_UNTIMESTAMPED' },
      timestamps: [],
      timestampFailures: [{ url: 'http://tsa.test/' }],
    });
  });
});

describe('a redacted copy', () => {
  it('verifies, says whose copy it is, and holds everything but what the rules name', async () => {
    made = await sealedCase(fill);
    const { receipt } = made.sealed;
    const before = readFileSync(made.sealed.archivePath);
    const { summary } = await run(made, { rules: rules(PASSWORDS, PINS) });
    expect(summary.report).toMatchObject({ verdict: 'VERIFIED', completeness: 'complete' });
    expect(summary.report.line).toContain(
      `a redacted copy of ${receipt.exhibitId} (tagmanifest sha256 ${receipt.tagmanifestSha256}; 3 redactions)`,
    );
    expect(summary.statement).toMatchObject({
      exhibitId: receipt.exhibitId.replace('x0001', 'x0002'),
      kind: 'drill',
      previous: { exhibitId: receipt.exhibitId, tagmanifestSha256: receipt.tagmanifestSha256 },
      derivedFrom: {
        exhibitId: receipt.exhibitId,
        tagmanifestSha256: receipt.tagmanifestSha256,
        containerSha256: receipt.containerSha256,
        redactions: 3,
      },
    });
    expect(summary).toMatchObject({ redactions: 3, maskedFiles: 2, removedFiles: 1, findings: 0, unusedRules: [] });
    const files = await copyOf(summary);
    expect(files.get('data/pods/shop/web/current.log')).toBe(LOG.replace(SECRET, '[redacted]'));
    expect(files.get('data/pods/quiet/current.log')).toBe('nothing here\n');
    expect(files.get('data/lists/configmaps/page-0001.json')).toBe(PAGE.replace('1234', '"[redacted]"'));
    // Made of a file that lost something: what it says could give that away.
    expect(files.has('data/derived/configmaps/index.jsonl')).toBe(false);
    expect([...files.values()].join('')).not.toContain(SECRET);
    expect(readFileSync(made.sealed.archivePath).equals(before)).toBe(true);
    const again = await verifyArchive({
      archivePath: summary.archivePath,
      allowedSigners: { source: 'test', text: made.trust },
      receipt: summary.receipt,
      now: systemClock.nowMs(),
    });
    expect(again.verdict).toBe('VERIFIED');
  });

  it('commits to every redaction, and the salts beside the original open each commitment', async () => {
    made = await sealedCase(fill);
    const { summary } = await run(made, { rules: rules(PASSWORDS, PINS) });
    const ledger = ledgerOf(await copyOf(summary));
    const original = await filesOf(made.sealed.archivePath, made.sealed.receipt.containerSha256);
    expect(ledger.map(({ path, kind, rules: by }) => [path, kind, by])).toEqual([
      ['data/derived/configmaps/index.jsonl', 'removed', ['derived-from-redacted']],
      ['data/lists/configmaps/page-0001.json', 'masked', ['pins']],
      ['data/pods/shop/web/current.log', 'masked', ['passwords']],
    ]);
    expect(statSync(summary.saltsPath).mode & 0o777).toBe(0o600);
    const lines = readFileSync(summary.saltsPath, 'latin1')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.at(-1)).toMatchObject({
      format: 'exhibit-redactions/1',
      parent: { exhibitId: made.sealed.receipt.exhibitId },
      copy: { exhibitId: summary.receipt.exhibitId, tagmanifestSha256: summary.receipt.tagmanifestSha256 },
    });
    const salts = new Set<string>();
    for (const [index, { path, offset, lengthBytes, saltedSha256 }] of ledger.entries()) {
      const { saltHex = '', sha256 } = lines[index] ?? {};
      const went = Buffer.from(original.get(path) ?? '', 'latin1').subarray(offset, offset + lengthBytes);
      expect(createHash('sha256').update(went).digest('hex')).toBe(sha256);
      expect(createHash('sha256').update(Buffer.from(saltHex, 'hex')).update(went).digest('hex')).toBe(saltedSha256);
      expect(Buffer.from(saltHex, 'hex')).toHaveLength(32);
      salts.add(saltHex);
    }
    expect(salts.size).toBe(ledger.length);
    expect(ledger[2]).toMatchObject({ offset: LOG.indexOf(SECRET), lengthBytes: SECRET.length });
  });

  it('says in the ledger of gaps what was removed, and keeps what was not touched as it was', async () => {
    made = await sealedCase(fill);
    const { summary } = await run(made, {
      rules: rules({ id: 'web', paths: ['data/pods/shop/**'], remove: true }),
    });
    expect(summary.report).toMatchObject({ verdict: 'VERIFIED_PARTIAL', completeness: 'partial' });
    const files = await copyOf(summary);
    const outcomes = (files.get('meta/outcomes.jsonl') ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(outcomes.find(({ artifact }) => artifact === 'logs/data/pods/shop/web/current.log')).toMatchObject({
      outcome: 'skipped',
      reason: 'redacted',
      proof: { outcomeInParent: 'collected', sha256: 'withheld' },
    });
    expect(outcomes.find(({ artifact }) => artifact === 'list/configmaps')).toMatchObject({
      outcome: 'collected',
      proof: { sha256: 'a'.repeat(64) },
    });
    const original = await filesOf(made.sealed.archivePath, made.sealed.receipt.containerSha256);
    const itemsOf = (text = ''): string[] =>
      text.split('\n').filter((line) => !line.includes('redactions.jsonl') && !line.includes('shop'));
    expect(itemsOf(files.get('meta/items.jsonl'))).toEqual(itemsOf(original.get('meta/items.jsonl')));
    expect(ledgerOf(files)).toMatchObject([
      { path: 'data/pods/shop/web/current.log', kind: 'removed', offset: 0, lengthBytes: LOG.length },
    ]);
  });

  it('refuses a copy in which something looks like a secret, and tells where without telling what', async () => {
    made = await sealedCase(async (exhibit) => {
      await fill(exhibit);
      await put(exhibit, 'data/other.txt', `api_key: ${SECRET}x\napi_key: ${SECRET}x\napi_key: another-one\n`);
    });
    const sealed = made;
    const messages: string[] = [];
    const attempt = async (acceptedFindings: number | null): Promise<Ran> =>
      await run(sealed, { rules: rules(PASSWORDS), acceptedFindings });
    const refused = await attempt(null).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'REDACTION_INCOMPLETE',
      exitCode: 5,
      message: expect.stringContaining('data/other.txt at byte 0') as string,
    });
    expect(JSON.stringify([refused, messages])).not.toContain(SECRET);
    await expect(attempt(1)).rejects.toMatchObject({ code: 'REDACTION_INCOMPLETE' });
    await expect(attempt(3)).rejects.toMatchObject({ code: 'REDACTION_INCOMPLETE' });
    // Nothing was begun: the number is the next one.
    const { summary, messages: told } = await attempt(2);
    expect(summary.receipt.sequence).toBe(2);
    expect(summary.findings).toBe(2);
    expect(told.map(({ code }) => code)).toContain('DERIVE_FINDINGS_ACCEPTED');
  });

  it('looks through the records as well', async () => {
    made = await sealedCase(async (exhibit) => {
      await fill(exhibit);
      await exhibit.plan(planOf('logs/failed'));
      await exhibit.outcome({
        ...outcomeOf('logs/failed', 'failed'),
        detail: `GET https://joe:${SECRET}@example.com/`,
      });
    });
    await expect(run(made, { rules: rules(PASSWORDS) })).rejects.toMatchObject({
      code: 'REDACTION_INCOMPLETE',
      message: expect.stringContaining('meta/outcomes.jsonl') as string,
    });
  });

  it('is exported and recorded in the custody of the original', async () => {
    made = await sealedCase(fill);
    const output = join(made.home, 'out');
    mkdirSync(output, { mode: 0o700 });
    const { summary } = await run(made, { rules: rules(PASSWORDS), outputDirectory: output });
    expect(readdirSync(output).sort()).toEqual([
      `${summary.receipt.exhibitId}.receipt.json`,
      `${summary.receipt.exhibitId}.tar.gz`,
    ]);
    expect(summary.archivePath).toBe(join(output, `${summary.receipt.exhibitId}.tar.gz`));
    const event = JSON.parse(readFileSync(summary.custodyPath ?? '', 'utf8')) as Record<string, unknown>;
    expect(event).toMatchObject({
      event: 'derive',
      exhibitId: made.sealed.receipt.exhibitId,
      verified: { verdict: 'VERIFIED' },
      data: { exhibitId: summary.receipt.exhibitId, tagmanifestSha256: summary.receipt.tagmanifestSha256 },
    });
    await expect(
      run(made, { rules: rules(PASSWORDS), outputDirectory: join(made.home, 'nowhere') }),
    ).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it('is made of an archive that verifies, unless the verdict is typed', async () => {
    made = await sealedCase(fill);
    const parent = {
      archivePath: made.sealed.archivePath,
      allowedSigners: null,
      receiptPath: null,
      requireComplete: false,
    };
    await expect(run(made, { rules: rules(PASSWORDS), parent })).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    await expect(run(made, { rules: rules(PASSWORDS), parent, accepted: 'TAMPERED' })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
    const { summary } = await run(made, { rules: rules(PASSWORDS), parent, accepted: 'UNTRUSTED_SIGNER' });
    expect(summary.report.verdict).toBe('VERIFIED');
    const copy = { ...parent, archivePath: summary.archivePath, allowedSigners: { source: 'test', text: made.trust } };
    await expect(run(made, { rules: rules(PASSWORDS), parent: copy })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('is never made of a changed archive, whatever is typed', async () => {
    made = await sealedCase(fill);
    const bytes = readFileSync(made.sealed.archivePath);
    const changed = join(made.home, 'changed.tar.gz');
    writeFileSync(changed, Buffer.concat([bytes, Buffer.from('x')]));
    const allowedSigners = { source: 'test', text: made.trust };
    const parent = { archivePath: changed, allowedSigners, receiptPath: null, requireComplete: false };
    await expect(run(made, { rules: rules(PASSWORDS), parent, accepted: 'TAMPERED' })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      hints: ['exhibit verify ARCHIVE'],
    });
  });

  it('is not begun by rules that take nothing out, and names those that fit nothing', async () => {
    made = await sealedCase(fill);
    const slip = { ...PASSWORDS, id: 'slip', paths: ['data/pod/**'] };
    await expect(run(made, { rules: rules(slip) })).rejects.toMatchObject({ code: 'REDACTION_RULES_INVALID' });
    const { summary, messages } = await run(made, { rules: rules(PASSWORDS, slip) });
    expect(summary.unusedRules).toEqual(['slip']);
    expect(messages).toContainEqual(expect.objectContaining({ code: 'DERIVE_RULE_UNUSED', data: { rule: 'slip' } }));
  });

  it('refuses to guess about a file that is no JSON, or removes it where the rule says so', async () => {
    made = await sealedCase(async (exhibit) => {
      await fill(exhibit);
      await put(exhibit, 'data/lists/torn/page-0001.json', '{"pin":1,"items":[');
    });
    await expect(run(made, { rules: rules(PINS) })).rejects.toMatchObject({
      code: 'REDACTION_UNDECIDED',
      subject: 'data/lists/torn/page-0001.json',
    });
    const { summary } = await run(made, {
      rules: rules({ ...PINS, json: { keys: ['pin'], malformed: 'remove' } }, PASSWORDS),
    });
    const files = await copyOf(summary);
    expect(files.has('data/lists/torn/page-0001.json')).toBe(false);
    expect(ledgerOf(files)).toContainEqual(
      expect.objectContaining({ path: 'data/lists/torn/page-0001.json', kind: 'removed', rules: ['pins'] }),
    );
  });

  it('gives up the copy that a killed run began, and mixes with no open exhibit', async () => {
    made = await sealedCase(fill);
    const { exhibitId } = made.sealed.receipt;
    const openCase = await made.store.open(exhibitId.slice(0, -6));
    const left = await openCase.openExhibit({ kind: 'drill' });
    const derivedFrom = {
      exhibitId,
      tagmanifestSha256: 'a'.repeat(64),
      containerSha256: 'b'.repeat(64),
      redactions: 1,
    };
    await left.writeOpening({ ...OPENING, derivedFrom });
    await openCase.release();
    const { summary } = await run(made, { rules: rules(PASSWORDS) });
    expect(summary.statement).toMatchObject({ sequence: 3, openedNotSealed: [{ sequence: 2 }] });
    expect(summary.report.verdict).toBe('VERIFIED');
    const second = await made.store.open(exhibitId.slice(0, -6));
    await second.openExhibit({ kind: 'drill' });
    await second.release();
    await expect(run(made, { rules: rules(PASSWORDS) })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('that a killed run began is sealed by nobody else', async () => {
    made = await sealedCase(fill);
    const { exhibitId, tagmanifestSha256, containerSha256 } = made.sealed.receipt;
    const caseId = exhibitId.slice(0, -6);
    const openCase = await made.store.open(caseId);
    const left = await openCase.openExhibit({ kind: 'drill' });
    const derivedFrom = { exhibitId, tagmanifestSha256, containerSha256, redactions: 1 };
    await left.writeOpening({ ...OPENING, derivedFrom });
    await put(left, 'data/leak.txt', `api_key: ${SECRET}\n`);
    await openCase.release();
    const sealing = seal(
      { caseId, classification: null },
      {
        store: made.store,
        signer: made.signer,
        countersigners: [],
        timestampers: [],
        clock: systemClock,
        io: quietIo,
        sbom: SBOM,
        signal: new AbortController().signal,
      },
    );
    await expect(sealing).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining(`is a redacted copy of ${exhibitId} that was not finished`) as string,
      hints: [`exhibit derive ${exhibitId}.tar.gz --redact RULES`],
    });
    expect(readdirSync(dirname(made.sealed.archivePath)).filter((name) => name.includes('x0002'))).toEqual([]);
    const { summary } = await run(made, { rules: rules(PASSWORDS) });
    expect(summary.statement).toMatchObject({ sequence: 3, openedNotSealed: [{ sequence: 2 }] });
  });

  it('that does not pass the last search is not sealed, and no archive of it is left', async () => {
    made = await sealedCase(fill);
    const sealedDirectory = dirname(made.sealed.archivePath);
    const before = readdirSync(sealedDirectory).sort();
    const os = { user: `password=${SECRET}`, host: 'bench' };
    const refused = await run(made, { rules: rules(PASSWORDS) }, { os }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'REDACTION_INCOMPLETE',
      message: expect.stringMatching(/the finished copy holds .*; the first: .* in (?!data\/)/) as string,
    });
    expect(readdirSync(sealedDirectory).sort()).toEqual(before);
    const openCase = await made.store.open(made.sealed.receipt.exhibitId.slice(0, -6));
    expect(openCase.exhibits.map(({ state }) => state)).toEqual(['sealed', 'given-up']);
    await openCase.release();
    const { summary } = await run(made, { rules: rules(PASSWORDS) });
    expect(summary.receipt.sequence).toBe(3);
  });

  it('holds a whole item that was marked secret only when that was accepted', async () => {
    made = await sealedCase(async (exhibit) => {
      await fill(exhibit);
      for (const name of ['a', 'b']) {
        await exhibit.plan(planOf(`secrets/${name}`));
        const draft = draftOf(`secrets/${name}`, `data/secrets/${name}.txt`);
        const writer = await exhibit.sink.open({ ...draft, sensitivity: 'secret' });
        await writer.write(Buffer.from('of no form: plain words\n'));
        await writer.commit(factsOf(`secrets/${name}`));
        await exhibit.outcome(outcomeOf(`secrets/${name}`));
      }
    });
    const sealed = made;
    await expect(run(sealed, { rules: rules(PASSWORDS) })).rejects.toMatchObject({
      code: 'REDACTION_INCOMPLETE',
      message: expect.stringContaining('item marked secret in data/secrets/a.txt') as string,
    });
    const masked = { id: 'words', paths: ['data/secrets/a.txt'], text: { match: 'plain' } };
    const removed = { id: 'gone', paths: ['data/secrets/b.txt'], remove: true };
    expect((await run(sealed, { rules: rules(masked, removed, PASSWORDS) })).summary.findings).toBe(0);
    const { summary, messages } = await run(sealed, { rules: rules(removed, PASSWORDS), acceptedFindings: 1 });
    expect(summary.findings).toBe(1);
    expect(messages.map(({ code }) => code)).toContain('DERIVE_FINDINGS_ACCEPTED');
  });

  it('leaves no scratch files and no half copy behind', async () => {
    made = await sealedCase(fill);
    const sealed = made;
    const names = (): string[] =>
      readdirSync(sealed.home, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /exhibit-derive|partial/.test(name),
      );
    await run(made, { rules: rules(PASSWORDS) });
    expect(names()).toEqual([]);
    await expect(
      run(made, { rules: rules({ id: 'wide', paths: ['data/**'], json: { keys: ['x'] } }) }),
    ).rejects.toMatchObject({ code: 'REDACTION_UNDECIDED' });
    expect(names()).toEqual([]);
  });
});
