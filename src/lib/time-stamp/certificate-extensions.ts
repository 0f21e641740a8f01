import {
  contextTag,
  type Der,
  membersOf,
  readBoolean,
  readElements,
  readOid,
  readOne,
  readSmallInteger,
  sequenceOf,
  TAG,
} from './der.js';
import { OID } from './object-identifiers.js';
import { TokenProblem } from './token-problem.js';

/** Bits of keyUsage, numbered as RFC 5280 does. */
export const USAGE = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5 } as const;

export interface CertificateExtensions {
  readonly isAuthority: boolean;
  /** How many authorities may follow below; `null` = no limit. */
  readonly pathLength: number | null;
  /** `null` = not restricted. */
  readonly keyUsage: ReadonlySet<number> | null;
  readonly extendedKeyUsage: { readonly critical: boolean; readonly purposes: readonly string[] } | null;
  readonly subjectKeyId: Uint8Array | null;
  /** Whole `GeneralName`s. */
  readonly alternativeNames: readonly Uint8Array[];
  /** Limits of names are not evaluated here: a chain with one is not accepted. */
  readonly limitsNames: boolean;
  /** Critical, and neither read here nor harmless to ignore. */
  readonly unknownCritical: string | null;
}

/** Policies are not asked for, as `openssl ts` does not by default; so what speaks of them decides nothing. */
const HARMLESS = new Set(['2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54', '2.5.29.31', '2.5.29.18']);
const READ = new Set<string>([
  OID.subjectKeyId,
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.extendedKeyUsage,
]);

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function readExtension(element: Der): [name: string, Extension] {
  const members = membersOf(element, TAG.sequence, 'an extension');
  const name = readOid(members.take(TAG.oid));
  const critical = members.optional(TAG.boolean);
  const value = members.take(TAG.octetString).content;
  members.end();
  return [name, { critical: critical !== null && readBoolean(critical), value }];
}

function readUsage(value: Uint8Array): Set<number> {
  const [unused = 0, ...bytes] = readOne(value, TAG.bitString, 'a key usage').content;
  if (unused > 7 || bytes.length > 2) throw new TokenProblem('a key usage that is none');
  const bits = bytes.flatMap((byte, index) =>
    [...Array(8).keys()].filter((bit) => (byte & (0x80 >> bit)) !== 0).map((bit) => index * 8 + bit),
  );
  return new Set(bits);
}

function readBasic(value: Uint8Array | undefined): Pick<CertificateExtensions, 'isAuthority' | 'pathLength'> {
  if (value === undefined) return { isAuthority: false, pathLength: null };
  const what = 'basic constraints';
  const members = sequenceOf(value, what);
  const authority = members.optional(TAG.boolean);
  const length = members.optional(TAG.integer);
  members.end();
  return {
    isAuthority: authority !== null && readBoolean(authority),
    pathLength: length === null ? null : readSmallInteger(length),
  };
}

function readPurposes({ critical, value }: Extension): CertificateExtensions['extendedKeyUsage'] {
  const list = readOne(value, TAG.sequence, 'an extended key usage');
  const purposes = readElements(list.content).map((element) => {
    if (element.tag !== TAG.oid) throw new TokenProblem('an extended key usage that is none');
    return readOid(element);
  });
  return { critical, purposes };
}

function byName(list: Der | null): Map<string, Extension> {
  const found = new Map<string, Extension>();
  if (list === null) return found;
  const extensions = readElements(readOne(list.content, TAG.sequence, 'the extensions').content);
  for (const [name, extension] of extensions.map(readExtension)) {
    if (found.has(name)) throw new TokenProblem('a certificate with an extension twice');
    found.set(name, extension);
  }
  return found;
}

/** `list`: the element `[3]` of a certificate. Throws `TokenProblem`. */
export function readExtensions(list: Der | null): CertificateExtensions {
  if (list !== null && list.tag !== contextTag(3)) throw new TokenProblem('extensions in another place');
  const extensions = byName(list);
  const valueOf = (name: string): Uint8Array | undefined => extensions.get(name)?.value;
  const [usage, purposes] = [valueOf(OID.keyUsage), extensions.get(OID.extendedKeyUsage)];
  const [keyId, names] = [valueOf(OID.subjectKeyId), valueOf(OID.subjectAltName)];
  const unknown = [...extensions].find(([name, { critical }]) => critical && !READ.has(name) && !HARMLESS.has(name));
  return {
    ...readBasic(valueOf(OID.basicConstraints)),
    keyUsage: usage === undefined ? null : readUsage(usage),
    extendedKeyUsage: purposes === undefined ? null : readPurposes(purposes),
    subjectKeyId: keyId === undefined ? null : readOne(keyId, TAG.octetString, 'a key identifier').content,
    alternativeNames:
      names === undefined
        ? []
        : readElements(readOne(names, TAG.sequence, 'alternative names').content).map(({ bytes }) => bytes),
    limitsNames: extensions.has(OID.nameConstraints),
    unknownCritical: unknown?.[0] ?? null,
  };
}
