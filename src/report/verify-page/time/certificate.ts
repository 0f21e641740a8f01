import { areSame, textOf } from '../../../lib/bytes.js';
import { type Algorithm, readAlgorithm } from '../../../lib/time-stamp/algorithm.js';
import { type CertificateExtensions, readExtensions } from '../../../lib/time-stamp/certificate-extensions.js';
import {
  contextTag,
  integerBytes,
  readElements,
  readOid,
  readOne,
  sequenceOf,
  membersOf,
  TAG,
} from '../../../lib/time-stamp/der.js';
import { readTime } from '../../../lib/time-stamp/instants.js';
import { OID } from '../../../lib/time-stamp/object-identifiers.js';
import { readPublicKey, type PublicKey } from './public-key.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';

/** One X.509 certificate, read and not yet judged. */
export interface Certificate {
  readonly bytes: Uint8Array;
  /** DER of the names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Content of the INTEGER. */
  readonly serial: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: CertificateExtensions;
  readonly key: PublicKey;
  /** For people: common name or organisation, as the certificate says; hostile text. */
  readonly name: string;
  /** What its issuer signed, how, and the signature. */
  readonly signed: { readonly body: Uint8Array; readonly algorithm: Algorithm; readonly signature: Uint8Array } | null;
}

const UTF8_STRING = 0x0c;
const MAX_NAME_CHARACTERS = 200;

function nameOf(subject: Uint8Array): string {
  const found = new Map<string, string>();
  for (const set of readElements(readOne(subject, TAG.sequence, 'a name').content)) {
    if (set.tag !== TAG.set) throw new TokenProblem('a name that is none');
    for (const pair of readElements(set.content)) {
      const [name, value] = readElements(pair.content);
      if (name?.tag !== TAG.oid || value === undefined) throw new TokenProblem('a name that is none');
      const text = value.tag === UTF8_STRING ? new TextDecoder().decode(value.content) : textOf(value.content);
      found.set(readOid(name), text);
    }
  }
  const name = found.get(OID.commonName) ?? found.get(OID.organisation) ?? [...found.values()].join(', ');
  return name.slice(0, MAX_NAME_CHARACTERS);
}

/** Throws `TokenProblem`. Nothing of it is believed before a chain was judged. */
export function readCertificate(bytes: Uint8Array): Certificate {
  const outer = sequenceOf(bytes, 'a certificate');
  const body = outer.take(TAG.sequence);
  const outerAlgorithm = outer.take(TAG.sequence);
  const [unused, ...signature] = outer.take(TAG.bitString).content;
  outer.end();
  const members = membersOf(body, TAG.sequence, 'a certificate');
  members.optional(contextTag(0));
  const serial = integerBytes(members.take(TAG.integer));
  const innerAlgorithm = members.take(TAG.sequence);
  const issuer = members.take(TAG.sequence).bytes;
  const validity = membersOf(members.take(TAG.sequence), TAG.sequence, 'a validity');
  const takeTime = (): number => readTime(validity.optional(TAG.utcTime) ?? validity.take(TAG.generalizedTime));
  const [notBeforeMs, notAfterMs] = [takeTime(), takeTime()];
  const subject = members.take(TAG.sequence).bytes;
  const key = readPublicKey(members.take(TAG.sequence));
  members.optional(0x81);
  members.optional(0x82);
  const extensions = readExtensions(members.optional(contextTag(3)));
  members.end();
  const isOne = unused === 0 && areSame(outerAlgorithm.bytes, innerAlgorithm.bytes);
  const signed = isOne
    ? { body: body.bytes, algorithm: readAlgorithm(outerAlgorithm), signature: Uint8Array.from(signature) }
    : null;
  const name = nameOf(subject);
  return { bytes, issuer, subject, serial, notBeforeMs, notAfterMs, extensions, key, name, signed };
}
