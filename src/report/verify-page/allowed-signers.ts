import { parseInstant } from '../../lib/clock.js';
import { areSame, type Bytes } from '../../lib/bytes.js';
import { parsePublicKeyLine } from './ssh-public-key.js';

/** One usable line of an allowed_signers file. */
interface AllowedSigner {
  /** As written: one principal, or several with commas. */
  readonly principals: string;
  /** In OpenSSH's encoding. */
  readonly keyBlob: Bytes;
  /** Pattern list; `null` = every namespace. */
  readonly namespaces: string | null;
  /** Epoch milliseconds; `null` = no bound. */
  readonly validAfterMs: number | null;
  readonly validBeforeMs: number | null;
}

export interface AllowedSigners {
  readonly signers: readonly AllowedSigner[];
  /** Lines that are not used, numbered from 1. Nothing is ever trusted because of them. */
  readonly unused: readonly { readonly line: number; readonly why: string }[];
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

function readOption(option: string, options: Options): string | null {
  const [, written = '', value] = /^([A-Za-z-]+)(?:="([^"]*)")?$/.exec(option) ?? [];
  const name = written.toLowerCase();
  if (name === 'cert-authority') return 'certificate authorities are not supported';
  if (value === undefined) return 'unknown option';
  if (name === 'namespaces' && value !== '') {
    if (options.namespaces !== null) return 'an option that is given twice';
    options.namespaces = value;
    return null;
  }
  return name === 'valid-after' || name === 'valid-before' ? readBound(name, value, options) : 'unknown option';
}

function readBound(name: 'valid-after' | 'valid-before', value: string, options: Options): string | null {
  const bound = name === 'valid-after' ? 'validAfterMs' : 'validBeforeMs';
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

function parseKey(text: string): Bytes | null {
  const match = KEY.exec(text);
  return match === null ? null : (parsePublicKeyLine(`${match[1] ?? ''} ${match[2] ?? ''}`)?.blob ?? null);
}

function parseLine(line: string): AllowedSigner | string {
  const head = PRINCIPALS.exec(line);
  if (head === null) return 'not principals followed by a key';
  const rest = line.slice(head[0].length);
  const options: Options = { namespaces: null, validAfterMs: null, validBeforeMs: null };
  const written = parseKey(rest) === null ? (OPTIONS.exec(rest)?.[0] ?? '') : '';
  for (const option of written.match(OPTION) ?? []) {
    const problem = readOption(option, options);
    if (problem !== null) return problem;
  }
  if (!isWindow(options)) return 'a time of validity that ends before it begins';
  const keyBlob = parseKey(rest.slice(written.length));
  const principals = head[1] ?? head[2] ?? '';
  return keyBlob === null ? 'no key of a type that can be checked' : { principals, keyBlob, ...options };
}

/** A trust list in OpenSSH's allowed_signers format. A line with `cert-authority`, and one that is not understood, is not used. */
export function parseAllowedSigners(text: string): AllowedSigners {
  const signers: AllowedSigner[] = [];
  const unused: { line: number; why: string }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') unused.push({ line: index + 1, why: parsed });
    else signers.push(parsed);
  }
  return { signers, unused };
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
function matchesPatternList(text: string, patterns: string): boolean {
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
 * Looks a key up. Windows of validity are judged at `atMs`, the time of checking, because times inside an archive are claims of its
 * signer. They count whole seconds and include both ends, as with ssh-keygen.
 */
export function findAllowedSigner(
  list: AllowedSigners,
  query: { readonly keyBlob: Bytes; readonly namespace: string; readonly atMs: number },
): Trust {
  const atMs = Math.floor(query.atMs / 1000) * 1000;
  let why = whyUnlisted(list);
  for (const signer of list.signers) {
    if (!areSame(signer.keyBlob, query.keyBlob)) continue;
    if (signer.namespaces !== null && !matchesPatternList(query.namespace, signer.namespaces))
      why = 'the key is listed for other namespaces';
    else if (signer.validAfterMs !== null && atMs < signer.validAfterMs) why = 'the key is not valid yet';
    else if (signer.validBeforeMs !== null && atMs > signer.validBeforeMs) why = 'the key is no longer valid';
    else return { principal: signer.principals };
  }
  return { principal: null, why };
}
