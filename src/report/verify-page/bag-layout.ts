/** The closed set of files of an exhibit/1 bag and their order, paths relative to the bag's folder. Compared with the writer's by a test. */
import { isSafePath } from '../../lib/safe-path.js';

export const MANIFEST = 'manifest-sha256.txt';
export const TAGMANIFEST = 'tagmanifest-sha256.txt';
export const STATEMENT = 'meta/exhibit.json';
export const TOOL = 'meta/tool/tool.json';
export const GUIDE = 'VERIFY.md';
export const ACQUISITION_LOG = 'custody/acquisition.jsonl';
/** The ledger of a redacted copy, and of nothing else. */
export const REDACTIONS = 'data/derived/redactions.jsonl';
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Longest tag file that is held in memory, and longest file under seal/. */
export const MAX_HELD_BYTES = 4 * 1024 * 1024;
export const MAX_SEAL_FILE_BYTES = 256 * 1024;
/** Payload files are split at this size. */
export const PART_BYTES = 2 ** 32;
export const MAX_SIGNERS = 9;
/** An artifact's key and a collector's name. */
export const LEDGER_KEY = /^[\x20-\x7e]{1,1024}$/;

export const REQUIRED_TAG_FILES = [
  GUIDE,
  'bag-info.txt',
  'bagit.txt',
  ACQUISITION_LOG,
  MANIFEST,
  'meta/actions.jsonl',
  'meta/clock.jsonl',
  STATEMENT,
  'meta/external.jsonl',
  'meta/items.jsonl',
  'meta/outcomes.jsonl',
  'meta/plan.jsonl',
  'meta/requests.jsonl',
  'meta/tool/config.yaml',
  'meta/tool/profile.yaml',
  'meta/tool/sbom.cdx.json',
  TOOL,
  TAGMANIFEST,
] as const;

const REQUIRED = new Set<string>(REQUIRED_TAG_FILES);
const CUSTODY_TOKEN = /^custody\/(?:open|hb-\d{4})\.ts[qr]$/;
const SEAL =
  /^seal\/(?:tagmanifest-sha256\.txt(?:\.[2-9])?\.sig|signer(?:-[2-9])?\.pub|seal(?:-[2-9])?\.ts[qr]|tsa-chain(?:-[2-9])?\.pem)$/;

/** Where a path belongs; `null` when exhibit/1 has no such file. */
export function kindOfFile(path: string): 'payload' | 'tag' | 'seal' | null {
  if (path.startsWith('data/')) return 'payload';
  if (REQUIRED.has(path) || CUSTODY_TOKEN.test(path)) return 'tag';
  return SEAL.test(path) ? 'seal' : null;
}

/** Whether a path is inside the grammar. */
export function isBagPath(path: string): boolean {
  return path === GUIDE || isSafePath(path);
}

function rank(path: string): number {
  if (path === 'bagit.txt') return 0;
  return path.startsWith('seal/') ? 2 : 1;
}

/** `bagit.txt`, the rest bytewise, `seal/` bytewise. Below zero: `a` first. */
export function compareBagPaths(a: string, b: string): number {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0 || a === b) return ranks;
  return a < b ? -1 : 1;
}

/** Signature and key of signer `number` (1 to 9). */
export function signerFiles(number: number): readonly [signature: string, key: string] {
  if (number === 1) return [`seal/${TAGMANIFEST}.sig`, 'seal/signer.pub'];
  return [`seal/${TAGMANIFEST}.${String(number)}.sig`, `seal/signer-${String(number)}.pub`];
}

/** Request, answer and certificates of time-stamping authority `number` (1 to 9). */
export function tokenFiles(number: number): readonly [query: string, reply: string, chain: string] {
  const dash = number === 1 ? '' : `-${String(number)}`;
  return [`seal/seal${dash}.tsq`, `seal/seal${dash}.tsr`, `seal/tsa-chain${dash}.pem`];
}
