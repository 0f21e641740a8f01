/** The closed set of files of an exhibit/1 bag, beside the payload. Paths are relative to the bag's folder. */

export { MAX_RECORD_BYTES } from '../custody/record-line.js';

export const MANIFEST = 'manifest-sha256.txt';
export const TAGMANIFEST = 'tagmanifest-sha256.txt';
export const STATEMENT = 'meta/exhibit.json';
export const TOOL = 'meta/tool/tool.json';
export const GUIDE = 'VERIFY.md';
export const ACQUISITION_LOG = 'custody/acquisition.jsonl';
/** The ledger of a redacted copy, and of nothing else. */
export const REDACTIONS = 'data/derived/redactions.jsonl';
export const SIGNATURE = 'seal/tagmanifest-sha256.txt.sig';
export const SIGNER_KEY = 'seal/signer.pub';

/** Every bag has all of these; those with nothing to say have size 0. */
export const REQUIRED_TAG_FILES = [
  'VERIFY.md',
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
  'meta/tool/tool.json',
  TAGMANIFEST,
] as const;

const REQUIRED = new Set<string>(REQUIRED_TAG_FILES);
const CUSTODY_TOKEN = /^custody\/(?:open|hb-\d{4})\.ts[qr]$/;
const SEAL =
  /^seal\/(?:tagmanifest-sha256\.txt(?:\.[2-9])?\.sig|signer(?:-[2-9])?\.pub|seal(?:-[2-9])?\.ts[qr]|tsa-chain(?:-[2-9])?\.pem)$/;

export type FileKind = 'payload' | 'tag' | 'seal';

/** Where a path belongs; `null` when exhibit/1 has no such file. */
export function kindOfFile(path: string): FileKind | null {
  if (path.startsWith('data/')) return 'payload';
  if (REQUIRED.has(path) || CUSTODY_TOKEN.test(path)) return 'tag';
  return SEAL.test(path) ? 'seal' : null;
}

function numbered(number: number, before: string, after: string): string {
  return number === 1 ? before + after : `${before}-${String(number)}${after}`;
}

/** Signature and key of signer `number` (1 to 9). */
export function signerFiles(number: number): readonly [signature: string, key: string] {
  const infix = number === 1 ? '' : `.${String(number)}`;
  return [`seal/${TAGMANIFEST}${infix}.sig`, numbered(number, 'seal/signer', '.pub')];
}

/** Request, answer and certificates of time-stamping authority `number` (1 to 9). */
export function tokenFiles(number: number): readonly [query: string, reply: string, chain: string] {
  return [
    numbered(number, 'seal/seal', '.tsq'),
    numbered(number, 'seal/seal', '.tsr'),
    numbered(number, 'seal/tsa-chain', '.pem'),
  ];
}

export const MAX_SIGNERS = 9;

/** An artifact's key and a collector's name, in plan, outcomes and items. */
export const LEDGER_KEY = /^[\x20-\x7e]{1,1024}$/;
/** Longest tag file that a reader holds in memory. */
export const MAX_HELD_BYTES = 4 * 1024 * 1024;
/** Longest file under seal/. */
export const MAX_SEAL_FILE_BYTES = 256 * 1024;
/** Payload files are split at this size. */
export const PART_BYTES = 2 ** 32;
