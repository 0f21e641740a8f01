import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { AGE, ageKey, passphrasesOf, targetOf } from '../../test/fakes/age-world.js';
import {
  allowedSignersOf,
  gzipOf,
  packBag,
  receiptOf,
  SAMPLE_PAYLOAD,
  sealedBag,
  sha256,
  type BagSpec,
} from '../../test/fakes/archive-builder.js';
import { steadyClock } from '../../test/fakes/custody-record.js';
import { memorySigner } from '../../test/fakes/evidence-case.js';
import { legalTemplate, STATEMENT } from '../../test/fakes/handover-facts.js';
import { encryptArchive } from '../evidence/age/encrypt-archive.js';
import { asciiJson } from '../lib/ascii-json.js';
import { ExhibitError } from '../model/errors.js';
import type { CaseFile } from '../model/case.js';
import { handover, type HandoverDeps, type HandoverRequest, type HandoverSummary } from './handover.js';

const { privateKey } = generateKeyPairSync('ed25519');
const ID = 'case-abcd-x0001';
const style = legalTemplate('start-here.css');

const CASE: CaseFile = {
  format: 'exhibit-case/1',
  caseId: 'case-abcd',
  reference: 'INC-2041',
  reason: 'miner in the shop',
  authority: 'not stated',
  operator: 'tester',
  hold: null,
  privilege: 'PRIVILEGED',
  openedAt: '2026-01-01T00:00:00.000Z',
  state: 'open',
};

const SECRET: BagSpec = {
  payload: [
    ...SAMPLE_PAYLOAD,
    { path: 'data/secrets.json', bytes: Buffer.from('{"k":"v"}'), artifact: 'secrets', sensitivity: 'secret' },
  ],
};

let folder: string;
let output: string;
let archivePath: string;

function seal(spec: BagSpec = {}): Buffer {
  const bag = sealedBag(privateKey, spec);
  const container = gzipOf(packBag(bag));
  writeFileSync(archivePath, container);
  writeFileSync(join(folder, `${ID}.receipt.json`), `${asciiJson(receiptOf(bag, container, privateKey))}\n`);
  return container;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-handover-'));
  output = join(folder, 'out');
  mkdirSync(output);
  archivePath = join(folder, `${ID}.tar.gz`);
  seal();
});

function request(changes: Partial<HandoverRequest> = {}): HandoverRequest {
  return {
    archive: {
      archivePath,
      allowedSigners: { source: 'test', text: allowedSignersOf(privateKey) },
      receiptPath: null,
      requireComplete: false,
    },
    outputDirectory: output,
    identityPaths: [],
    plaintext: false,
    accepted: null,
    from: null,
    recipient: null,
    purpose: null,
    privilege: null,
    namesCase: false,
    ...changes,
  };
}

function deps(changes: Partial<HandoverDeps> = {}): HandoverDeps {
  return {
    clock: steadyClock(),
    scratchDirectory: folder,
    passphrases: passphrasesOf(),
    ageProgram: AGE,
    signal: new AbortController().signal,
    signer: memorySigner(privateKey),
    preparedBy: 'custodian@vault',
    caseOf: async () => null,
    tool: STATEMENT.tool,
    templates: {
      certification: legalTemplate('certification.txt'),
      verify: legalTemplate('verify.txt'),
      privilege: legalTemplate('privilege.txt'),
      startHere: legalTemplate('start-here.eta'),
      style,
      styleSha256: createHash('sha256').update(style).digest('base64'),
    },
    verifyPage: Buffer.from('<!doctype html><title>page</title>'),
    ...changes,
  };
}

/** Every line of MANIFEST.txt compared with the disk, and every file with the manifest. */
function assertManifest({ folder: made, files }: HandoverSummary): void {
  const lines = readFileSync(join(made, 'MANIFEST.txt'), 'latin1').trimEnd().split('\n');
  for (const line of lines) expect(sha256(readFileSync(join(made, line.slice(66))))).toBe(line.slice(0, 64));
  const onDisk = readdirSync(made, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(made.length + 1))
    .sort();
  expect([...lines.map((line) => line.slice(66)), 'MANIFEST.txt'].sort()).toEqual(onDisk);
  expect(files.map(({ path }) => path)).toEqual(onDisk);
}

const refusal = async (promise: Promise<unknown>): Promise<ExhibitError> => {
  const error: unknown = await promise.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ExhibitError) return error;
  throw error;
};

describe('a package for legal', () => {
  it('holds the archive byte for byte, its receipt, record and documents, listed in a manifest, and a ZIP of it', async () => {
    const summary = await handover(request(), deps());
    assertManifest(summary);
    const inside = readFileSync(join(summary.folder, `evidence/${ID}.tar.gz`));
    expect(inside.equals(readFileSync(archivePath))).toBe(true);
    expect(JSON.parse(readFileSync(join(summary.folder, `evidence/${ID}.receipt.json`), 'utf8'))).toMatchObject({
      containerSha256: sha256(inside),
    });
    expect(summary.files.map(({ path }) => path)).toEqual([
      'MANIFEST.txt',
      'START-HERE.html',
      'VERIFY.txt',
      'case.jsonld',
      'certification-draft.pdf',
      'certification-draft.txt',
      'custody-form.pdf',
      'custody.csv',
      `evidence/${ID}.custody/0001-copy.json`,
      `evidence/${ID}.custody/0001-copy.json.sig`,
      `evidence/${ID}.receipt.json`,
      `evidence/${ID}.tar.gz`,
      `evidence/${ID}.verify-report.json`,
      'verify.html',
    ]);
    expect(readFileSync(join(summary.folder, 'START-HERE.html'), 'utf8')).toContain(
      'the one that the receipt beside it describes',
    );
    expect(sha256(readFileSync(summary.zip))).toBe(summary.zipSha256);
    expect(readdirSync(output).sort()).toEqual([`${ID}-legal`, `${ID}-legal.zip`]);
  });

  it('is recorded beside the archive first, with the verdict and the digest of the report that goes along', async () => {
    const summary = await handover(request({ recipient: 'Doe LLP', purpose: 'review' }), deps());
    const event = JSON.parse(readFileSync(join(folder, `${ID}.custody/0001-transfer-out.json`), 'utf8')) as object;
    expect(event).toMatchObject({
      event: 'transfer-out',
      to: 'Doe LLP',
      purpose: 'review',
      verified: {
        verdict: 'VERIFIED',
        reportSha256: sha256(readFileSync(join(summary.folder, `evidence/${ID}.verify-report.json`))),
      },
    });
    expect(readFileSync(join(summary.folder, 'custody.csv'), 'utf8')).toContain('"transfer-out"');
  });

  it('needs no key and records nothing when told so', async () => {
    const summary = await handover(request(), deps({ signer: null }));
    expect(summary.custody).toBeNull();
    expect(existsSync(join(folder, `${ID}.custody`))).toBe(false);
    assertManifest(summary);
  });

  it('carries the marking of the case in every document, and its words only when asked', async () => {
    const summary = await handover(request(), deps({ caseOf: async () => CASE, signer: null }));
    const read = (name: string): string => readFileSync(join(summary.folder, name), 'utf8');
    for (const name of [
      'START-HERE.html',
      'VERIFY.txt',
      'PRIVILEGE.txt',
      'certification-draft.txt',
      'custody.csv',
      'case.jsonld',
    ])
      expect(read(name)).toContain('PRIVILEGED');
    for (const { path } of summary.files) expect(read(path)).not.toContain('INC-2041');
    const named = join(folder, 'named');
    mkdirSync(named);
    const again = await handover(
      request({ namesCase: true, privilege: 'OTHER', outputDirectory: named }),
      deps({ caseOf: async () => CASE, signer: null }),
    );
    expect(readFileSync(join(again.folder, 'START-HERE.html'), 'utf8')).toMatch(/INC-2041[\s\S]*miner in the shop/);
    expect(readFileSync(join(again.folder, 'PRIVILEGE.txt'), 'utf8')).toContain('OTHER');
  });

  it('is the same bytes at the same time, the ZIP and signed events apart', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    const one = await handover(request(), deps({ signer: null }));
    const two = await handover(request({ outputDirectory: other }), deps({ signer: null }));
    expect(two.files).toEqual(one.files);
  });

  it('has no page and says so when the build has none, and no code without a receipt', async () => {
    writeFileSync(join(folder, `${ID}.receipt.json`), 'no receipt');
    const summary = await handover(request(), deps({ verifyPage: null }));
    expect(summary.files.map(({ path }) => path)).not.toContain('verify.html');
    expect(readFileSync(join(summary.folder, 'START-HERE.html'), 'utf8')).not.toContain('<svg');
  });
});

describe('what is not handed over', () => {
  it('secrets in the clear, unless --plaintext is typed; nothing is written', async () => {
    seal(SECRET);
    const error = await refusal(handover(request(), deps()));
    expect(error).toMatchObject({ code: 'PLAINTEXT_REFUSED', exitCode: 5 });
    expect(error.hints[0]).toContain('--plaintext');
    expect(readdirSync(output)).toEqual([]);
    expect(existsSync(join(folder, `${ID}.custody`))).toBe(false);
    const summary = await handover(request({ plaintext: true }), deps());
    expect(summary.secretItems).toBe(1);
    expect(readFileSync(join(summary.folder, 'START-HERE.html'), 'utf8')).toContain('NOT encrypted');
  });

  it('an archive whose signer nobody vouches for, unless that very verdict is accepted', async () => {
    const untrusted = { ...request().archive, allowedSigners: null };
    expect(await refusal(handover(request({ archive: untrusted }), deps()))).toMatchObject({ code: 'VERIFY_FAILED' });
    expect(await refusal(handover(request({ archive: untrusted, accepted: 'TAMPERED' }), deps()))).toMatchObject({
      code: 'VERIFY_FAILED',
    });
    expect(readdirSync(output)).toEqual([]);
    const summary = await handover(request({ archive: untrusted, accepted: 'UNTRUSTED_SIGNER' }), deps());
    expect(readFileSync(join(summary.folder, 'START-HERE.html'), 'utf8')).toContain('class="box bad"');
    expect(readFileSync(join(summary.folder, 'certification-draft.txt'), 'utf8')).toContain('WARNING');
  });

  it('an archive with one byte changed, or with the receipt of another', async () => {
    const receiptPath = join(folder, 'other.json');
    writeFileSync(
      receiptPath,
      readFileSync(join(folder, `${ID}.receipt.json`), 'utf8').replace(
        /"containerSha256":"../,
        '"containerSha256":"00',
      ),
    );
    const archive = { ...request().archive, receiptPath };
    const error = await refusal(handover(request({ archive }), deps()));
    expect(error).toMatchObject({ code: 'VERIFY_FAILED', safe: 'Nothing was written.' });
    expect(existsSync(join(folder, `${ID}.custody`))).toBe(false);
    const bytes = readFileSync(archivePath);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(archivePath, bytes);
    expect(await refusal(handover(request(), deps()))).toMatchObject({ code: 'VERIFY_FAILED' });
    expect(readdirSync(output)).toEqual([]);
  });

  it('a receipt that is longer than a receipt can be', async () => {
    const receiptPath = join(folder, 'long.json');
    const receipt = JSON.parse(readFileSync(join(folder, `${ID}.receipt.json`), 'utf8')) as object;
    writeFileSync(receiptPath, asciiJson({ ...receipt, genTime: 'x'.repeat(3000) }));
    const archive = { ...request().archive, receiptPath };
    expect(await refusal(handover(request({ archive }), deps()))).toMatchObject({ code: 'USAGE_INVALID' });
    expect(readdirSync(output)).toEqual([]);
  });

  it('anything over what is there already', async () => {
    await handover(request(), deps());
    const before = readdirSync(join(folder, `${ID}.custody`));
    expect(await refusal(handover(request(), deps()))).toMatchObject({ code: 'USAGE_INVALID' });
    expect(readdirSync(join(folder, `${ID}.custody`))).toEqual(before);
  });

  it('anything with a custody record that is not in order; what was begun is removed', async () => {
    await handover(request(), deps());
    appendFileSync(join(folder, `${ID}.custody/0001-copy.json`), ' ');
    const again = join(folder, 'again');
    mkdirSync(again);
    const error = await refusal(handover(request({ outputDirectory: again }), deps()));
    expect(error).toMatchObject({ code: 'CUSTODY_BROKEN' });
    expect(readdirSync(again)).toEqual([]);
    const summary = await handover(request({ outputDirectory: again }), deps({ signer: null }));
    expect(readFileSync(join(summary.folder, 'START-HERE.html'), 'utf8')).toContain('NOT IN ORDER');
  });

  it('anything beside a file that has the name of the ZIP, even a link to nowhere', async () => {
    for (const name of [`${ID}-legal.zip`, `${ID}-legal.zip.partial`, `${ID}-legal.partial`]) {
      const taken = mkdtempSync(join(folder, 'taken-'));
      symlinkSync('/nonexistent/elsewhere', join(taken, name));
      expect(await refusal(handover(request({ outputDirectory: taken }), deps()))).toMatchObject({
        code: 'USAGE_INVALID',
      });
      expect(readdirSync(taken)).toEqual([name]);
    }
    expect(existsSync(join(folder, `${ID}.custody`))).toBe(false);
  });

  it('anything after an interruption; nothing is recorded and nothing is left', async () => {
    const signal = AbortSignal.abort(new ExhibitError('INTERRUPTED', 'by the test'));
    expect(await refusal(handover(request(), deps({ signal })))).toMatchObject({ code: 'INTERRUPTED' });
    expect(readdirSync(output)).toEqual([]);
    expect(existsSync(join(folder, `${ID}.custody`))).toBe(false);
  });

  it('a package that fails on the way: it goes, and the error says what the record holds', async () => {
    const templates = { ...deps().templates, certification: '{{nobody}}' };
    const error = await refusal(handover(request(), deps({ templates })));
    expect(error.code).toBe('INTERNAL');
    expect(error.safe).toContain('0001-copy.json');
    expect(readdirSync(output)).toEqual([]);
  });
});

describe('an encrypted archive', () => {
  async function encrypted(): Promise<{ path: string; identityPath: string; plain: Buffer }> {
    const plain = seal(SECRET);
    const key = await ageKey();
    const path = `${archivePath}.age`;
    const { encryptedSha256 } = await encryptArchive({
      source: archivePath,
      sourceSha256: sha256(plain),
      partial: path,
      target: await targetOf(key.recipient),
      program: AGE,
    });
    const receiptPath = join(folder, `${ID}.receipt.json`);
    const receipt = JSON.parse(readFileSync(receiptPath, 'utf8')) as object;
    writeFileSync(receiptPath, `${asciiJson({ ...receipt, encryptedSha256 })}\n`);
    return { path, identityPath: key.identityPath, plain };
  }

  it('is decrypted for the check alone and handed over encrypted, secrets and all', async () => {
    const { path, identityPath, plain } = await encrypted();
    const archive = { ...request().archive, archivePath: path };
    const before = readdirSync(folder);
    const summary = await handover(request({ archive, identityPaths: [identityPath] }), deps());
    assertManifest(summary);
    expect(summary).toMatchObject({ isEncrypted: true, secretItems: 1 });
    const paths = summary.files.map((file) => file.path);
    expect(paths).toContain(`evidence/${ID}.tar.gz.age`);
    expect(paths).not.toContain(`evidence/${ID}.tar.gz`);
    for (const file of paths)
      expect(readFileSync(join(summary.folder, file)).includes(plain.subarray(0, 64))).toBe(false);
    expect(readFileSync(join(summary.folder, 'VERIFY.txt'), 'utf8')).toContain('exhibit decrypt');
    expect(readdirSync(folder)).toEqual([...before, `${ID}.custody`].sort());
  });

  it('is not handed over without an identity, without its digest in a receipt, or when it does not open', async () => {
    const { path, identityPath } = await encrypted();
    const archive = { ...request().archive, archivePath: path };
    expect(await refusal(handover(request({ archive }), deps()))).toMatchObject({ code: 'USAGE_INVALID' });
    const wrong = await ageKey();
    const identityPaths = [wrong.identityPath];
    expect(await refusal(handover(request({ archive, identityPaths }), deps()))).toMatchObject({
      code: 'DECRYPT_FAILED',
    });
    writeFileSync(join(folder, `${ID}.receipt.json`), '{}');
    expect(await refusal(handover(request({ archive, identityPaths: [identityPath] }), deps()))).toMatchObject({
      code: 'USAGE_INVALID',
    });
    expect(readdirSync(output)).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith('exhibit-handover-'))).toEqual([]);
  });
});
