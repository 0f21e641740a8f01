import { constants, open, type FileHandle } from 'node:fs/promises';
import { parseInstant } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import { fingerprintOf, parsePublicKeyLine } from './ssh-public-key.js';
import type { RevokedKeys } from './revocation/revoked-keys.js';
import { storageError } from '../custody/storage-error.js';

const MAX_FILE_BYTES = 1024 * 1024;

/** One usable line of an allowed_signers file. */
export interface AllowedSigner {
  /** As written: one principal, or several with commas. */
  readonly principals: string;
  /** In OpenSSH's encoding. */
  readonly keyBlob: Buffer;
  /** Pattern list; `null` = every namespace. */
  readonly namespaces: string | null;
  /** Epoch milliseconds; `null` = no bound. */
  readonly validAfterMs: number | null;
  readonly validBeforeMs: number | null;
}

/** A list as it is given from outside an archive. */
export interface GivenTrust {
  readonly source: string;
  readonly text: string;
  /** Keys that it trusts no longer. */
  readonly revoked?: RevokedKeys | null;
}

export interface AllowedSigners {
  readonly signers: readonly AllowedSigner[];
  /** Lines that are not used, numbered from 1. Nothing is ever trusted because of them. */
  readonly unused: readonly { readonly line: number; readonly why: string }[];
  /** Keys of which none is trusted, whatever the lines say; `null` = none was named. */
  readonly revoked: RevokedKeys | null;
}

interface Options {
  namespaces: string | null;
  validAfterMs: number | null;
  validBeforeMs: number | null;
}

/** `YYYYMMDD[HHMM[SS]]` with `Z` or `UTC`, local time without, as in ssh-keygen(1); `null` when it is not that. */
function parseTimestamp(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|UTC)?$/i.exec(text);
  if (match === null) return null;
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', zone] = match;
  const atMs = parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone === undefined ? '' : 'Z'}`);
  return atMs !== null && atMs > 0 ? atMs : null;
}

const BOUNDS = { 'valid-after': 'validAfterMs', 'valid-before': 'validBeforeMs' } as const;

/** A sentence when the option cannot be used; `options` then counts for nothing. */
function readOption(option: string, options: Options): string | null {
  const match = /^([A-Za-z-]+)(?:="([^"]*)")?$/.exec(option);
  const value = match?.[2];
  const name = match?.[1]?.toLowerCase() ?? '';
  if (name === 'cert-authority') return 'certificate authorities are not supported';
  if (value === undefined) return 'unknown option';
  if (name === 'valid-after' || name === 'valid-before') return readBound(BOUNDS[name], value, options);
  if (name !== 'namespaces' || value === '') return 'unknown option';
  if (options.namespaces !== null) return 'an option that is given twice';
  options.namespaces = value;
  return null;
}

function readBound(bound: 'validAfterMs' | 'validBeforeMs', value: string, options: Options): string | null {
  if (options[bound] !== null) return 'an option that is given twice';
  options[bound] = parseTimestamp(value);
  return options[bound] === null ? 'a time that cannot be read' : null;
}

function isWindow({ validAfterMs, validBeforeMs }: Options): boolean {
  return validAfterMs === null || validBeforeMs === null || validAfterMs < validBeforeMs;
}

const PRINCIPALS = /^(?:"([^"]+)"|([^\s"]+))[ \t]+/;
const OPTIONS = /^((?:[A-Za-z-]+(?:="[^"]*")?)(?:,[A-Za-z-]+(?:="[^"]*")?)*)[ \t]+/;
const OPTION = /[A-Za-z-]+(?:="[^"]*")?/g;
const KEY = /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/=]+)(?:[ \t].*)?$/;

function parseLine(line: string): AllowedSigner | string {
  const head = PRINCIPALS.exec(line);
  if (head === null) return 'not principals followed by a key';
  const rest = line.slice(head[0].length);
  const options: Options = { namespaces: null, validAfterMs: null, validBeforeMs: null };
  const written = parsePublicKeyText(rest) === null ? (OPTIONS.exec(rest)?.[0] ?? '') : '';
  for (const option of written.match(OPTION) ?? []) {
    const problem = readOption(option, options);
    if (problem !== null) return problem;
  }
  if (!isWindow(options)) return 'a time of validity that ends before it begins';
  const keyBlob = parsePublicKeyText(rest.slice(written.length));
  const principals = head[1] ?? head[2] ?? '';
  return keyBlob === null ? 'no key of a type that can be checked' : { principals, keyBlob, ...options };
}

function parsePublicKeyText(text: string): Buffer | null {
  const match = KEY.exec(text);
  return match === null ? null : (parsePublicKeyLine(`${match[1] ?? ''} ${match[2] ?? ''}`)?.blob ?? null);
}

/**
 * A trust list in OpenSSH's allowed_signers format: `principals [options] type base64 [comment]`. Options: `namespaces`, `valid-after`,
 * `valid-before`. A line with `cert-authority` trusts certificates, which we do not check: it is not used. A line that is not understood
 * is not used either; both are listed. Keys of `revoked` are trusted by no line.
 */
export function parseAllowedSigners(text: string, revoked: RevokedKeys | null = null): AllowedSigners {
  const signers: AllowedSigner[] = [];
  const unused: { line: number; why: string }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') unused.push({ line: index + 1, why: parsed });
    else signers.push(parsed);
  }
  return { signers, unused, revoked };
}

function matchesPattern(text: string, pattern: string): boolean {
  // Two pointers with one point of return: linear in practice, and no pattern can make it explode.
  let [at, from, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[from] === '*') [star, resume, from] = [from, at, from + 1];
    else if (pattern[from] === '?' || pattern[from] === text[at]) [at, from] = [at + 1, from + 1];
    else if (star === -1) return false;
    else [resume, at, from] = [resume + 1, resume + 1, star + 1];
  }
  return /^\**$/.test(pattern.slice(from));
}

/** OpenSSH's pattern list: `*` and `?`, commas, `!` refuses. */
export function matchesPatternList(text: string, patterns: string): boolean {
  let matched = false;
  for (const pattern of patterns.split(',')) {
    const refuses = pattern.startsWith('!');
    if (!matchesPattern(text, refuses ? pattern.slice(1) : pattern)) continue;
    if (refuses) return false;
    matched = true;
  }
  return matched;
}

/** The outcome of looking a key up; `why` tells the nearest reason when it is not trusted. */
export type Trust = { readonly principal: string } | { readonly principal: null; readonly why: string };

function whyUnlisted({ unused }: AllowedSigners): string {
  const [first] = unused;
  if (first === undefined) return 'the key is not in the list';
  return `the key is not in the list, of which line ${String(first.line)} is not used: ${first.why}`;
}

/**
 * Looks a key up. Windows of validity are judged at `atMs`: the time of checking, as long as no time-stamp proves an earlier one, because
 * the times inside an archive are claims of whoever held the key. They count whole seconds and include both ends, as with ssh-keygen. A
 * revocation has no time: a revoked key is trusted at none.
 */
export function findAllowedSigner(
  list: AllowedSigners,
  query: { keyBlob: Buffer; namespace: string; atMs: number },
): Trust {
  if (list.revoked?.has(query.keyBlob) === true)
    return { principal: null, why: `the key is revoked (${list.revoked.source})` };
  const atMs = Math.floor(query.atMs / 1000) * 1000;
  let why = whyUnlisted(list);
  for (const signer of list.signers) {
    if (!signer.keyBlob.equals(query.keyBlob)) continue;
    if (signer.namespaces !== null && !matchesPatternList(query.namespace, signer.namespaces))
      why = 'the key is listed for other namespaces';
    else if (signer.validAfterMs !== null && atMs < signer.validAfterMs) why = 'the key is not valid yet';
    else if (signer.validBeforeMs !== null && atMs > signer.validBeforeMs) why = 'the key is no longer valid';
    else return { principal: signer.principals };
  }
  return { principal: null, why };
}

async function readBounded(file: FileHandle, path: string): Promise<string> {
  const stat = await file.stat();
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES) {
    throw new ExhibitError('KEY_INVALID', 'The list of trusted signers is no file, or too large to be one.', {
      subject: path,
    });
  }
  const bytes = Buffer.alloc(stat.size);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return bytes.toString('utf8', 0, bytesRead);
}

/** The text of a trust list, at most 1 MiB. Throws `KEY_INVALID` when it is missing, unreadable, no file or larger. */
export async function readAllowedSigners(path: string): Promise<string> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new ExhibitError('KEY_INVALID', 'The list of trusted signers cannot be read.', {
      subject: path,
      cause: error,
    });
  }
  try {
    return await readBounded(file, path);
  } finally {
    await file.close();
  }
}

export interface SignerToTrust {
  /** Who it is: printable ASCII without spaces, quotes, commas, `#`, `!`, `*`, `?`. */
  readonly principal: string;
  /** `<type> <base64>`. */
  readonly publicKey: string;
  readonly namespaces: readonly string[];
}

function renderSigner({ principal, publicKey, namespaces }: SignerToTrust): { keyBlob: Buffer; line: string } {
  const key = parsePublicKeyLine(publicKey);
  if (key === null) throw new ExhibitError('KEY_INVALID', 'The public key is of no type that can be trusted here.');
  if (!/^[^\s"#,!*?\x00-\x1f\x7f-\uffff]{1,200}$/.test(principal)) {
    throw new ExhibitError(
      'USAGE_INVALID',
      'A principal is printable ASCII without spaces, quotes, commas and wildcards.',
      { subject: principal },
    );
  }
  if (namespaces.length === 0 || !namespaces.every((namespace) => /^[a-z0-9@._-]+$/.test(namespace))) {
    throw new ExhibitError('INTERNAL', 'A signer is trusted for named namespaces only.');
  }
  return { keyBlob: key.blob, line: `${principal} namespaces="${namespaces.join(',')}" ${publicKey}\n` };
}

function isListed(text: string, keyBlob: Buffer, namespaces: readonly string[]): boolean {
  const same = parseAllowedSigners(text).signers.filter(
    (signer) => signer.keyBlob.equals(keyBlob) && signer.validAfterMs === null && signer.validBeforeMs === null,
  );
  return namespaces.every((name) =>
    same.some((signer) => signer.namespaces === null || matchesPatternList(name, signer.namespaces)),
  );
}

/**
 * Appends a signer to a trust list (made with 0600 when it is not there) unless its key is already listed for all the namespaces without a
 * time limit. Returns its fingerprint and whether a line was added. Throws `KEY_INVALID`, `USAGE_INVALID`, `STORAGE_*`.
 */
export async function appendAllowedSigner(
  path: string,
  signer: SignerToTrust,
): Promise<{ fingerprint: string; added: boolean }> {
  const { keyBlob, line } = renderSigner(signer);
  const fingerprint = fingerprintOf(keyBlob);
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK, 0o600);
    const text = await readBounded(file, path);
    if (isListed(text, keyBlob, signer.namespaces)) return { fingerprint, added: false };
    await file.appendFile(text === '' || text.endsWith('\n') ? line : `\n${line}`);
    await file.sync();
    return { fingerprint, added: true };
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await file?.close();
  }
}
