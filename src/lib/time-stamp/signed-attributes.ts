import { areSame } from '../bytes.js';
import { hashOf, readAlgorithm } from './algorithm.js';
import {
  type Der,
  DIRECTORY_NAME,
  type DerMembers,
  integerBytes,
  membersOf,
  readElements,
  readOid,
  readOne,
  TAG,
} from './der.js';
import { type HashName, OID } from './object-identifiers.js';
import { TokenProblem } from './token-problem.js';

/** Names of a certificate, as it says them itself. */
interface NamedCertificate {
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
}

/** What binds the certificate that signed. */
export interface CertificateBinding {
  /** Of the bytes of the certificate. */
  readonly hash: HashName | 'sha1';
  /** Throws `TokenProblem` where the digest, or the name beside it, is of another certificate. */
  readonly assertBinds: (digest: Uint8Array, certificate: NamedCertificate) => void;
}

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
function assertNamed(members: DerMembers, certificate: NamedCertificate): void {
  const pair = members.optional(TAG.sequence);
  members.end();
  if (pair === null) return;
  const [names, serial] = readElements(pair.content);
  const [name, ...more] = names === undefined ? [] : readElements(names.content);
  const isIssuer = name?.tag === DIRECTORY_NAME && more.length === 0 && areSame(name.content, certificate.issuer);
  if (!isIssuer || serial?.tag !== TAG.integer || !areSame(integerBytes(serial), certificate.serial))
    throw new TokenProblem('the signed attributes name another certificate');
}

/** The default is SHA-256; the members that follow a left-out algorithm begin with an OCTET STRING. */
function listedHash(members: DerMembers): HashName {
  const algorithm = members.optional(TAG.sequence);
  return algorithm === null ? 'sha256' : hashOf(readAlgorithm(algorithm));
}

function bindingOf(list: Der, readHash: (members: DerMembers) => HashName | 'sha1'): CertificateBinding {
  const members = firstListed(list);
  const hash = readHash(members);
  return {
    hash,
    assertBinds: (digest, certificate) => {
      if (!areSame(members.take(TAG.octetString).content, digest))
        throw new TokenProblem('the signed attributes bind another certificate');
      assertNamed(members, certificate);
    },
  };
}

/** What the signature of a token covers. Digests are made by the caller: some worlds make them at once, others later. */
export class SignedAttributes {
  readonly #attributes: ReadonlyMap<string, Der>;

  /** Throws `TokenProblem` where it speaks of no time-stamp. */
  constructor(element: Der) {
    this.#attributes = attributesOf(element);
    const type = this.#attributes.get(OID.contentType);
    if (type?.tag !== TAG.oid || readOid(type) !== OID.tstInfo)
      throw new TokenProblem('the signed attributes speak of no time-stamp');
  }

  /** Throws `TokenProblem` where the signed digest is not this one, that of the content. */
  assertDigest(computed: Uint8Array): void {
    const digest = this.#attributes.get(OID.messageDigest);
    if (digest === undefined || !areSame(readOne(digest.bytes, TAG.octetString, 'the signed digest').content, computed))
      throw new TokenProblem('the signed digest is that of something else');
  }

  /** At least one. Throws `TokenProblem`. */
  *bindings(): Generator<CertificateBinding, void> {
    const one = this.#attributes.get(OID.signingCertificate);
    const two = this.#attributes.get(OID.signingCertificateV2);
    if (one === undefined && two === undefined) throw new TokenProblem('no signed attribute binds the certificate');
    // SHA-1 is all that the first form of the attribute knows; it names the certificate, the chain vouches for it.
    if (one !== undefined) yield bindingOf(one, () => 'sha1');
    if (two !== undefined) yield bindingOf(two, listedHash);
  }
}
