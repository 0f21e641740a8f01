/**
 * Builds good archives, and every kind of bad one, without the case store and the seal: a second, slower way to the same bytes. It shares
 * only the header encoder, the record writer and the signature with the product.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { BAGIT_TXT, renderBagInfo } from '../../src/evidence/bag-info.js';
import { compareBagPaths } from '../../src/evidence/bag-order.js';
import { completenessOf } from '../../src/evidence/completeness.js';
import { ed25519Blob, fingerprintOf, renderPublicKey } from '../../src/evidence/ssh-public-key.js';
import { renderVerifyGuide } from '../../src/evidence/verify-guide.js';
import { createHeaderEncoder } from '../../src/evidence/ustar-header.js';
import { asciiJson } from '../../src/lib/ascii-json.js';
import { parseInstant } from '../../src/lib/clock.js';
import type { ItemRecord } from '../../src/model/artifact.js';
import { CHAIN_START } from '../../src/model/custody-entry.js';
import type { Receipt, Statement } from '../../src/model/exhibit.js';
import { emptyOutcomeCounts, isGap, type OutcomeRecord } from '../../src/model/outcome.js';
import { publicPartOf, signWith } from './seal-key.js';

export interface PayloadSpec {
  /** Below data/. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly artifact: string;
  readonly part?: ItemRecord['part'];
  /** Default: `normal`. */
  readonly sensitivity?: ItemRecord['sensitivity'];
  readonly derivedFrom?: readonly string[];
  readonly subject?: ItemRecord['subject'];
}

/** Files of a bag by path relative to its folder. Change them at will before `packBag`. */
export interface Bag {
  readonly root: string;
  readonly mtimeSeconds: number;
  readonly files: Map<string, Buffer>;
}

export interface BagSpec {
  readonly payload?: readonly PayloadSpec[];
  /** Outcomes beside those of the payload's other artifacts, which are `collected`. */
  readonly outcomes?: readonly Pick<OutcomeRecord, 'artifact' | 'outcome' | 'required'>[];
  readonly statement?: Partial<Statement>;
  /** Of the acquisition log; default: `open`, one `item` per payload file, `seal`. `open` and `seal` get what they must say. */
  readonly events?: readonly { readonly event: string }[];
  /** A key of the guide; default: a guide that names the exhibit and no key. */
  readonly guideFor?: KeyObject | readonly KeyObject[];
}

export const CREATED_AT = '2026-01-02T03:04:05.678Z';
const CASE_ID = 'case-abcd';
const ROOT = `${CASE_ID}-x0001`;

export function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function jsonLines(records: readonly unknown[]): Buffer {
  return Buffer.from(records.map((record) => `${asciiJson(record)}\n`).join(''));
}

export const SAMPLE_PAYLOAD: readonly PayloadSpec[] = [
  {
    path: 'data/cluster/lists/core.v1.pods/page-0001.json',
    bytes: Buffer.from('{"items":[]}'),
    artifact: 'list/core.v1.pods',
  },
  {
    path: 'data/pods/shop/web-1.4f3a9c21/app/current.log',
    bytes: Buffer.from('line one\nline two\n'.repeat(80)),
    artifact: 'log/shop/web-1/app',
  },
  { path: 'data/pods/shop/web-1.4f3a9c21/app/previous.log', bytes: Buffer.alloc(0), artifact: 'log/shop/web-1/app' },
];

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function outcomesOf({ payload = SAMPLE_PAYLOAD, outcomes = [] }: BagSpec): OutcomeRecord[] {
  const given = new Set(outcomes.map(({ artifact }) => artifact));
  const names = new Set(payload.map(({ artifact }) => artifact).filter((artifact) => !given.has(artifact)));
  const obtained = [...names].map((artifact) => ({
    artifact,
    outcome: 'collected' as const,
    required: true,
  }));
  return [...obtained, ...outcomes]
    .sort((a, b) => byText(a.artifact, b.artifact))
    .map(({ artifact, outcome, required }) => ({
      artifact,
      collector: 'sample',
      required,
      outcome,
      reason: 'sample',
      detail: '',
      proof: { status: 200 },
      attempts: 1,
      at: CREATED_AT,
    }));
}

function itemOf(spec: PayloadSpec): ItemRecord {
  const { path, bytes, artifact, part, sensitivity = 'normal', derivedFrom, subject = { podUid: '4f3a9c21' } } = spec;
  return {
    path,
    artifact,
    subject,
    vantage: 'kubelet',
    sha256: sha256(bytes),
    sizeBytes: bytes.length,
    ...(part === undefined ? {} : { part }),
    collector: 'sample',
    source: { uri: '/api/v1/pods', method: 'GET', status: 200 },
    firstByteAt: CREATED_AT,
    lastByteAt: CREATED_AT,
    outcome: 'collected',
    rereadSha256: sha256(bytes),
    sourceChanged: null,
    ...(derivedFrom === undefined ? {} : { derivedFrom: [...derivedFrom] }),
    sensitivity,
  };
}

/** A hash-chained log: `open`, one `item` per payload file, `seal`. */
export function chainLines(events: readonly { readonly event: string }[]): string[] {
  let prev = CHAIN_START;
  return events.map((fields, index) => {
    const line = `${asciiJson({ seq: index + 1, prev, at: CREATED_AT, monoUs: index, bootId: 'boot', actor: 'tester', ...fields })}\n`;
    prev = sha256(line);
    return line;
  });
}

type CustodyFacts = Pick<Statement, 'custodyEntries' | 'custodyHeadSha256'>;

function statementOf(spec: BagSpec, outcomes: readonly OutcomeRecord[], custody: CustodyFacts): Statement {
  const { payload = SAMPLE_PAYLOAD } = spec;
  const outcomeCounts = emptyOutcomeCounts();
  for (const { outcome } of outcomes) outcomeCounts[outcome] += 1;
  return {
    format: 'exhibit/1',
    policy: { requireTimestamp: false, requireSigners: 1 },
    exhibitId: ROOT,
    caseId: CASE_ID,
    sequence: 1,
    previous: null,
    openedNotSealed: [],
    kind: 'drill',
    createdAt: CREATED_AT,
    scope: null,
    authority: 'not stated',
    operator: { apiIdentity: null, cloudIdentity: null, osUser: 'tester', host: 'bench' },
    tool: {
      name: 'exhibit',
      version: '0.1.0',
      commit: 'none',
      programDigest: sha256('program'),
      programFiles: 1,
      nodeVersion: 'v20',
      platform: 'linux',
    },
    payloadFiles: payload.length,
    payloadBytes: payload.reduce((sum, { bytes }) => sum + bytes.length, 0),
    outcomeCounts,
    custodyEntries: custody.custodyEntries,
    custodyHeadSha256: custody.custodyHeadSha256,
    completeness: completenessOf(outcomeCounts, outcomes.filter(isGap).length),
    holdId: null,
    classification: null,
    ...spec.statement,
  };
}

/** Each event with what the format demands of it, unless it says something else itself. */
function eventsOf(spec: BagSpec, outcomes: readonly OutcomeRecord[]): { readonly event: string }[] {
  const { payload = SAMPLE_PAYLOAD } = spec;
  const stated = statementOf(spec, outcomes, { custodyEntries: 1, custodyHeadSha256: CHAIN_START });
  const { caseId, exhibitId, sequence, kind } = stated;
  const { payloadFiles, payloadBytes, outcomeCounts } = stated;
  const gaps = outcomes.filter(isGap).length;
  const facts: Readonly<Record<string, object>> = {
    open: { caseId, exhibitId, sequence, kind },
    seal: { payloadFiles, payloadBytes, planned: outcomes.length, outcomes: outcomeCounts, gaps },
  };
  const events = spec.events ?? [{ event: 'open' }, ...payload.map(itemEvent), { event: 'seal' }];
  return events.map((event) => ({ ...facts[event.event], ...event }));
}

/** The custody entry of a payload file. */
export function itemEvent({ path, bytes }: PayloadSpec): { readonly event: string } & Record<string, unknown> {
  return { event: 'item', path, sha256: sha256(bytes), sizeBytes: bytes.length };
}

/** A bag with everything but manifests and seal. */
export function makeBag(spec: BagSpec = {}): Bag {
  const { payload = SAMPLE_PAYLOAD } = spec;
  const sorted = [...payload].sort((a, b) => byText(a.path, b.path));
  const outcomes = outcomesOf(spec);
  const custody = chainLines(eventsOf(spec, outcomes));
  const custodyHeadSha256 = sha256(custody.at(-1) ?? '');
  const statement = statementOf(spec, outcomes, { custodyEntries: custody.length, custodyHeadSha256 });
  const files = new Map<string, Buffer>(sorted.map(({ path, bytes }) => [path, bytes]));
  const text = (path: string, content: string): unknown => files.set(path, Buffer.from(content));
  text('bagit.txt', BAGIT_TXT);
  text('bag-info.txt', renderBagInfo(statement));
  const signers = [spec.guideFor ?? []].flat().map((key) => fingerprintOf(publicPartOf(key).blob));
  text(
    'VERIFY.md',
    signers.length > 0 ? renderVerifyGuide({ statement, signers }) : `How to check ${statement.exhibitId}.\n`,
  );
  text('custody/acquisition.jsonl', custody.join(''));
  files.set('meta/exhibit.json', jsonLines([statement]));
  files.set('meta/items.jsonl', jsonLines(sorted.map(itemOf)));
  files.set('meta/outcomes.jsonl', jsonLines(outcomes));
  const plan = outcomes.map(({ artifact, collector, required }) => ({
    artifact,
    collector,
    required,
    source: '/api',
    plannedAt: CREATED_AT,
  }));
  files.set('meta/plan.jsonl', jsonLines(plan));
  for (const name of ['actions.jsonl', 'clock.jsonl', 'external.jsonl', 'requests.jsonl', 'tool/sbom.cdx.json'])
    text(`meta/${name}`, '');
  files.set('meta/tool/tool.json', jsonLines([statement.tool]));
  text('meta/tool/config.yaml', 'limits: {}\n');
  text('meta/tool/profile.yaml', 'name: sample\n');
  return {
    root: statement.exhibitId,
    mtimeSeconds: Math.floor((parseInstant(statement.createdAt) ?? 0) / 1000),
    files,
  };
}

function manifestOf(bag: Bag, select: (path: string) => boolean): Buffer {
  const paths = [...bag.files.keys()].filter(select).sort(byText);
  return Buffer.from(paths.map((path) => `${sha256(bag.files.get(path) ?? '')}  ${path}\n`).join(''));
}

/** Writes the tagmanifest over what the bag holds now. */
export function listTags(bag: Bag): Bag {
  bag.files.delete('tagmanifest-sha256.txt');
  bag.files.set(
    'tagmanifest-sha256.txt',
    manifestOf(bag, (path) => !path.startsWith('data/') && !path.startsWith('seal/')),
  );
  return bag;
}

/** Writes both manifests over what the bag holds now. */
export function listBag(bag: Bag): Bag {
  bag.files.set(
    'manifest-sha256.txt',
    manifestOf(bag, (path) => path.startsWith('data/')),
  );
  return listTags(bag);
}

/** Signs the tagmanifest as signer 1 or a further one. */
export function signBag(bag: Bag, key: KeyObject, number = 1): Bag {
  const signature = signWith(key, bag.files.get('tagmanifest-sha256.txt') ?? Buffer.alloc(0), 'exhibit-seal@v1');
  const [infix, dash] = number === 1 ? ['', ''] : [`.${String(number)}`, `-${String(number)}`];
  bag.files.set(`seal/tagmanifest-sha256.txt${infix}.sig`, Buffer.from(signature));
  bag.files.set(`seal/signer${dash}.pub`, Buffer.from(`${renderPublicKey(publicPartOf(key))}\n`));
  return bag;
}

export interface TarEntry {
  /** Whole path. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** The entries of a bag in the order of the format. */
export function entriesOf(bag: Bag): TarEntry[] {
  return [...bag.files]
    .sort(([a], [b]) => compareBagPaths(a, b))
    .map(([path, bytes]) => ({ path: `${bag.root}/${path}`, bytes }));
}

/** One header and its padded bytes. */
export function tarEntry({ path, bytes }: TarEntry, mtimeSeconds: number): Buffer {
  const header = Buffer.alloc(512);
  if (!createHeaderEncoder(mtimeSeconds)({ path, sizeBytes: bytes.length }, header, 0))
    throw new Error(`path does not fit: ${path}`);
  return Buffer.concat([header, bytes, Buffer.alloc(-bytes.length & 511)]);
}

export const TAR_END = Buffer.alloc(1024);

export function tarOf(entries: readonly TarEntry[], mtimeSeconds: number): Buffer {
  return Buffer.concat([...entries.map((entry) => tarEntry(entry, mtimeSeconds)), TAR_END]);
}

/** One gzip member as the format has it. */
export function gzipOf(tar: Buffer): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(tar), 0);
  trailer.writeUInt32LE(tar.length, 4);
  return Buffer.concat([Buffer.from('1f8b08000000000004ff', 'hex'), deflateRawSync(tar, { level: 1 }), trailer]);
}

/** The tar of a bag as it is now; nothing is listed or signed again. */
export function packBag(bag: Bag): Buffer {
  return tarOf(entriesOf(bag), bag.mtimeSeconds);
}

/** A complete, signed bag. */
export function sealedBag(key: KeyObject, spec: BagSpec = {}): Bag {
  return signBag(listBag(makeBag(spec)), key);
}

/** An allowed_signers file that trusts the key for the seal. */
export function allowedSignersOf(key: KeyObject): string {
  return `tester@example.test namespaces="exhibit-seal@v1" ${renderPublicKey(publicPartOf(key))}\n`;
}

/** The receipt of an archive that was packed from the bag. */
export function receiptOf(bag: Bag, container: Buffer, key: KeyObject): Receipt {
  const statement = JSON.parse(bag.files.get('meta/exhibit.json')?.toString('latin1') ?? '') as Statement;
  const { exhibitId, sequence, kind, custodyHeadSha256, custodyEntries, payloadFiles, payloadBytes } = statement;
  return {
    exhibitId,
    sequence,
    kind,
    tagmanifestSha256: sha256(bag.files.get('tagmanifest-sha256.txt') ?? ''),
    custodyHeadSha256,
    custodyEntries,
    payloadFiles,
    payloadBytes,
    containerSha256: sha256(container),
    signer: fingerprintOf(ed25519Blob(key)),
  };
}
