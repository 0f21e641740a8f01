import { createHash } from 'node:crypto';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { safeSegment } from '../../lib/safe-path.js';

/** Bytes of the bag's own folder with its slash, at most. */
const BAG_PREFIX_BYTES = 31;
/** What a ustar header holds before and after the slash that splits a path. */
const USTAR_PREFIX_BYTES = 155;
const USTAR_NAME_BYTES = 100;
/** Room for `.r2` and for `.p0001`, which a payload file may get. */
const SUFFIX_BYTES = 9;

function fitsArchive(path: string): boolean {
  const from = Math.max(0, path.length + SUFFIX_BYTES - USTAR_NAME_BYTES - 1);
  const slash = path.indexOf('/', from);
  return slash !== -1 && BAG_PREFIX_BYTES + slash <= USTAR_PREFIX_BYTES;
}

/** Bytes as one URL segment, everything but unreserved characters escaped; `.` and `..` never come here. */
export function escapeBytes(name: Buffer): string {
  let escaped = '';
  for (const byte of name) {
    const character = String.fromCharCode(byte);
    escaped += /[A-Za-z0-9_.~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** The names below `/logs/` as the end of a URL path, without a slash at the end. */
export function urlOf(names: readonly Buffer[]): string {
  return names.map(escapeBytes).join('/');
}

/** Part of an artifact key: the URL form where it is short, else its beginning and a hash. */
export function keyOf(names: readonly Buffer[]): string {
  const url = urlOf(names);
  if (url.length <= 400) return url;
  return `${url.slice(0, 300)}-${createHash('sha256').update(url, 'latin1').digest('hex')}`;
}

/** For people: printable ASCII, at most 1,000 characters. */
export function displayOf(names: readonly Buffer[]): string {
  return escapeForTerminal(names.map((name) => name.toString('utf8')).join('/'), 1000);
}

export function base64Of(names: readonly Buffer[]): string {
  return Buffer.concat(names.flatMap((name, at) => (at === 0 ? [name] : [Buffer.from('/'), name]))).toString('base64');
}

/**
 * Where a file of a node's log folder goes: `data/nodes/<node>/logs/<names>` where that fits the archive's headers, otherwise in
 * `deep/` under its last name and a hash of the whole. Whether the path says the name is for the caller to see.
 */
export function logPath(nodeSegment: string, names: readonly Buffer[]): string {
  const root = `data/nodes/${nodeSegment}/logs`;
  // latin1 maps each byte to one character: names that differ in bytes differ in their hash.
  const path = `${root}/${names.map((name) => safeSegment(name.toString('latin1'))).join('/')}`;
  if (names.length > 0 && fitsArchive(path)) return path;
  const last = names.at(-1)?.toString('latin1') ?? '';
  return `${root}/deep/${safeSegment(last, '', urlOf(names))}`;
}
