import { hexOf } from '../bytes.js';
import {
  contextTag,
  type Der,
  DerMembers,
  integerBytes,
  membersOf,
  readBoolean,
  readOid,
  readOne,
  readSmallInteger,
  sequenceOf,
  TAG,
} from './der.js';
import { readAlgorithm, hashOf } from './algorithm.js';
import { readTime } from './instants.js';
import { TokenProblem } from './token-problem.js';

/** What a time-stamping authority signs. */
export interface TstInfo {
  /** SHA-256 of the stamped bytes. */
  readonly imprint: Uint8Array;
  /** Hexadecimal. */
  readonly serial: string;
  readonly genTimeMs: number;
  /** Rounded up; `null` = not stated. */
  readonly accuracyMs: number | null;
  /** Content of the INTEGER. */
  readonly nonce: Uint8Array | null;
  /** A whole `GeneralName`. */
  readonly authority: Der | null;
}

function accuracyOf(element: Der | null): number | null {
  if (element === null) return null;
  const members = new DerMembers(element.content, 'the accuracy');
  const valueOf = (tag: number): number => {
    const member = members.optional(tag);
    return member === null ? 0 : readSmallInteger(member);
  };
  const [seconds, millis, micros] = [valueOf(TAG.integer), valueOf(0x80), valueOf(0x81)];
  members.end();
  if (millis > 999 || micros > 999) throw new TokenProblem('an accuracy that is none');
  return seconds * 1000 + millis + Math.ceil(micros / 1000);
}

/** Nobody here knows an extension, so a critical one is refused, as RFC 3161 demands. */
function refuseCritical(extensions: Der | null): void {
  if (extensions === null) return;
  const members = new DerMembers(extensions.content, 'the extensions of the token');
  for (let one = members.optional(TAG.sequence); one !== null; one = members.optional(TAG.sequence)) {
    const extension = membersOf(one, TAG.sequence, 'an extension of the token');
    const name = readOid(extension.take(TAG.oid));
    const critical = extension.optional(TAG.boolean);
    if (critical !== null && readBoolean(critical))
      throw new TokenProblem(`a critical extension that is not known (${name})`);
  }
  members.end();
}

function imprintOf(element: Der): Uint8Array {
  const members = membersOf(element, TAG.sequence, 'the imprint');
  const hash = hashOf(readAlgorithm(members.take(TAG.sequence)));
  const imprint = members.take(TAG.octetString).content;
  members.end();
  if (hash !== 'sha256' || imprint.length !== 32) throw new TokenProblem('the imprint is no SHA-256');
  return imprint;
}

/** Throws `TokenProblem`. */
export function readTstInfo(bytes: Uint8Array): TstInfo {
  const what = 'what the authority signed';
  const members = sequenceOf(bytes, what);
  if (readSmallInteger(members.take(TAG.integer)) !== 1) throw new TokenProblem('a token of another version');
  members.take(TAG.oid);
  const imprint = imprintOf(members.take(TAG.sequence));
  const serial = hexOf(integerBytes(members.take(TAG.integer)));
  const genTimeMs = readTime(members.take(TAG.generalizedTime));
  const accuracyMs = accuracyOf(members.optional(TAG.sequence));
  const ordering = members.optional(TAG.boolean);
  if (ordering !== null) readBoolean(ordering);
  const nonce = members.optional(TAG.integer);
  const authority = members.optional(contextTag(0));
  refuseCritical(members.optional(contextTag(1)));
  members.end();
  return {
    imprint,
    serial,
    genTimeMs,
    accuracyMs,
    nonce: nonce === null ? null : integerBytes(nonce),
    authority: authority === null ? null : readOne(authority.content, authority.content[0] ?? 0, 'the authority'),
  };
}
