import { createHash } from 'node:crypto';
import { safeSegment } from '../lib/safe-path.js';

const MAX_KEY_PART = 200;

/** encodeURIComponent that never throws: half a surrogate pair, which is no text, becomes U+FFFD. */
function encode(name: string): string {
  return encodeURIComponent(Buffer.from(name, 'utf8').toString('utf8'));
}

/** A name as part of an artifact key: printable ASCII without a slash, injective but for a hash where the name is absurdly long. */
export function keyPart(name: string): string {
  const encoded = encode(name);
  if (encoded.length <= MAX_KEY_PART) return encoded;
  return `${encoded.slice(0, MAX_KEY_PART - 65)}-${createHash('sha256').update(name, 'utf8').digest('hex')}`;
}

/** A name as one segment of a URL path; `.` and `..`, which URL parsers resolve, are escaped too. */
export function urlPart(name: string): string {
  if (name === '.') return '%2E';
  if (name === '..') return '%2E%2E';
  return encode(name);
}

/**
 * A path segment for each name, no two alike: somebody who may name a namespace may name it after the shortened form of another.
 * Deterministic for the same names in the same order.
 */
export function distinctSegments(names: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  const segments = new Map<string, string>();
  for (const name of names) {
    if (segments.has(name)) continue;
    let segment = safeSegment(name);
    for (let salt = 1; taken.has(segment); salt += 1) segment = safeSegment(name, '', `collision-${String(salt)}`);
    taken.add(segment);
    segments.set(name, segment);
  }
  return segments;
}
