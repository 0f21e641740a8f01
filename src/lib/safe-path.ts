import { createHash } from 'node:crypto';

/** Bytes that one path segment may have, so that every path of the bag fits ustar's prefix and name. */
export const MAX_SEGMENT_BYTES = 56;

const SEGMENT = /^[a-z0-9_][a-z0-9._-]*$/;

/** Whether a path is one of ours: segments of the grammar, none longer than the cap, no empty one. */
export function isSafePath(path: string): boolean {
  return path.split('/').every((segment) => segment.length <= MAX_SEGMENT_BYTES && SEGMENT.test(segment));
}

/**
 * A name from the cluster as a path segment. It appears as it is where it fits; otherwise it becomes its longest fitting valid
 * beginning, `-`, and 12 hex digits of the SHA-256 of the whole name. `suffix` (`.log`, `.4f3a9c21`) counts against the cap.
 * `salt` goes into the hash: the UID of an object whose name collides with another.
 */
export function safeSegment(name: string, suffix = '', salt = ''): string {
  const whole = name + suffix;
  if (salt === '' && whole.length <= MAX_SEGMENT_BYTES && SEGMENT.test(whole)) return whole;
  const hash = createHash('sha256').update(name, 'utf8').update(salt, 'utf8').digest('hex').slice(0, 12);
  const room = MAX_SEGMENT_BYTES - suffix.length - 13;
  const beginning = /^[a-z0-9_][a-z0-9._-]*/.exec(name)?.[0].slice(0, room) ?? '';
  return (beginning === '' ? '_' : beginning) + `-${hash}${suffix}`;
}

/** The first eight characters of a UID that is one, else the same number of hex digits of its hash. */
export function shortUid(uid: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(uid)) return uid.slice(0, 8);
  return createHash('sha256').update(uid, 'utf8').digest('hex').slice(0, 8);
}
