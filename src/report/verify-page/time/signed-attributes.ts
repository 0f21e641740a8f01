import { areSame } from '../../../lib/bytes.js';
import { hashOf, readAlgorithm } from '../../../lib/time-stamp/algorithm.js';
import type { Certificate } from './certificate.js';
import {
  type Der,
  type DerMembers,
  integerBytes,
  membersOf,
  readElements,
  readOid,
  readOne,
  TAG,
} from '../../../lib/time-stamp/der.js';
import { type HashName, OID } from '../../../lib/time-stamp/object-identifiers.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';
import { digestOf } from './web-crypto.js';

/** `[4]`, a directory name. */
const DIRECTORY_NAME = 0xa4;

/** Of the signed attributes of a token; each occurs once and has one value. */
function attributesOf(element: Der): Map<string, Der> {
  const found = new Map<string, Der>();
  for (const one of readElements(element.content)) {
    const members = membersOf(one, TAG.sequence, 'a signed attribute');
    const name = readOid(members.take(TAG.oid));
    const [value, ...more] = readElements(members.take(TAG.set).content);
    members.end();
    if (value === undefined || more.length > 0 || found.has(name))
      throw new TokenProblem('a signed attribute that is not there exactly once');
    found.set(name, value);
  }
  return found;
}

/** The first of the listed certificates is the one that signed. */
function firstListed(list: Der): DerMembers {
  const what = 'the name of the signing certificate';
  const [certificates] = readElements(membersOf(list, TAG.sequence, what).take(TAG.sequence).content);
  if (certificates === undefined) throw new TokenProblem(`${what} is missing`);
  return membersOf(certificates, TAG.sequence, what);
}

/** `issuerSerial`, where it is there: the certificate's own issuer as a directory name, and its number. */
function assertNamed(members: DerMembers, certificate: Certificate): void {
  const pair = members.optional(TAG.sequence);
  members.end();
  if (pair === null) return;
  const [names, serial] = readElements(pair.content);
  const [name, ...more] = names === undefined ? [] : readElements(names.content);
  const isIssuer = name?.tag === DIRECTORY_NAME && more.length === 0 && areSame(name.content, certificate.issuer);
  if (!isIssuer || serial?.tag !== TAG.integer || !areSame(integerBytes(serial), certificate.serial))
    throw new TokenProblem('the signed attributes name another certificate');
}

async function assertListed(
  list: Der,
  certificate: Certificate,
  readHash: (members: DerMembers) => HashName | 'sha1',
): Promise<void> {
  const members = firstListed(list);
  const expected = await digestOf(readHash(members), certificate.bytes);
  if (!areSame(members.take(TAG.octetString).content, expected))
    throw new TokenProblem('the signed attributes bind another certificate');
  assertNamed(members, certificate);
}

async function assertBound(attributes: ReadonlyMap<string, Der>, certificate: Certificate): Promise<void> {
  const [one, two] = [attributes.get(OID.signingCertificate), attributes.get(OID.signingCertificateV2)];
  if (one === undefined && two === undefined) throw new TokenProblem('no signed attribute binds the certificate');
  // SHA-1 is all that the first form of the attribute knows; it names the certificate, the chain vouches for it.
  if (one !== undefined) await assertListed(one, certificate, () => 'sha1');
  if (two === undefined) return;
  await assertListed(two, certificate, (members) => {
    const algorithm = members.optional(TAG.sequence);
    // The default is SHA-256; the members that follow a left-out algorithm begin with an OCTET STRING.
    return algorithm === null ? 'sha256' : hashOf(readAlgorithm(algorithm));
  });
}

/** What the signature covers says: it is a time-stamp, over these bytes, by that certificate. Throws `TokenProblem`, `CannotCheck`. */
export async function checkSignedAttributes(
  element: Der,
  expected: { readonly infoBytes: Uint8Array; readonly hash: HashName; readonly certificate: Certificate },
): Promise<void> {
  const attributes = attributesOf(element);
  const type = attributes.get(OID.contentType);
  if (type?.tag !== TAG.oid || readOid(type) !== OID.tstInfo)
    throw new TokenProblem('the signed attributes speak of no time-stamp');
  const digest = attributes.get(OID.messageDigest);
  const computed = await digestOf(expected.hash, expected.infoBytes);
  if (digest === undefined || !areSame(readOne(digest.bytes, TAG.octetString, 'the signed digest').content, computed))
    throw new TokenProblem('the signed digest is that of something else');
  await assertBound(attributes, expected.certificate);
}
