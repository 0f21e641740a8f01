/**
 * A time-stamping authority in memory: keys, certificates and tokens of every good and bad kind, without openssl. What it makes when it
 * is asked for nothing special is compared with `openssl ts -verify` by the interop tests, and by the recorded answers of openssl's own.
 */
import { constants, createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { contextTag, membersOf, readOne, TAG } from '../../src/lib/time-stamp/der.js';
import { der, NULL, oid, sequence, smallInteger } from './der-buffers.js';

export type KeyKind = 'ec' | 'ec384' | 'rsa' | 'rsa-pss';

const ID = {
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  sha256Rsa: '1.2.840.113549.1.1.11',
  rsaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  commonName: '2.5.4.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;

const HASH = sequence(oid(ID.sha256), NULL);
const PSS = sequence(
  oid(ID.rsaPss),
  sequence(
    der(contextTag(0), HASH),
    der(contextTag(1), sequence(oid(ID.mgf1), HASH)),
    der(contextTag(2), smallInteger(32)),
  ),
);

export function newKey(kind: KeyKind = 'ec'): KeyObject {
  if (kind === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  if (kind === 'ec384') return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

interface Signing {
  readonly key: KeyObject;
  readonly pss?: boolean;
}

function algorithmOf({ key, pss }: Signing): Buffer {
  if (key.asymmetricKeyType === 'ec') return sequence(oid(ID.ecdsaSha256));
  return pss === true ? PSS : sequence(oid(ID.sha256Rsa), NULL);
}

function signed({ key, pss }: Signing, message: Buffer): Buffer {
  if (pss !== true) return sign('sha256', message, key);
  return sign('sha256', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
}

export const nameOf = (text: string): Buffer =>
  sequence(der(TAG.set, sequence(oid(ID.commonName), der(0x0c, Buffer.from(text)))));

/** `20260102030405Z`. */
export function timeOf(atMs: number, fraction = ''): Buffer {
  const digits = new Date(atMs).toISOString().replace(/\.\d+/, '').replaceAll(/[-:T]/g, '');
  return der(TAG.generalizedTime, Buffer.from(digits.replace('Z', `${fraction}Z`)));
}

export const extension = (name: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(name), ...(critical ? [der(TAG.boolean, Buffer.of(0xff))] : []), der(TAG.octetString, value));

export const EXTENSION = {
  authority: (pathLength?: number): Buffer =>
    extension(
      '2.5.29.19',
      true,
      sequence(der(TAG.boolean, Buffer.of(0xff)), ...(pathLength === undefined ? [] : [smallInteger(pathLength)])),
    ),
  usage: (bits: number): Buffer => extension('2.5.29.15', true, der(TAG.bitString, Buffer.of(0, bits))),
  purpose: (critical = true, ...purposes: readonly string[]): Buffer =>
    extension('2.5.29.37', critical, sequence(...(purposes.length === 0 ? [ID.timeStamping] : purposes).map(oid))),
} as const;

const DAY_MS = 86_400_000;
let serials = 0;

export interface Issued extends Signing {
  readonly name: string;
  /** DER. */
  readonly certificate: Buffer;
  readonly pem: string;
  readonly serial: Buffer;
  readonly issuerName: string;
}

export interface Wanted {
  readonly name: string;
  readonly kind?: KeyKind;
  readonly key?: KeyObject;
  readonly issuer?: Issued;
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly extensions: readonly Buffer[];
}

export const pemOf = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(certificate.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/** A certificate; self-signed when there is no issuer. */
export function issue(wanted: Wanted): Issued {
  const key = wanted.key ?? newKey(wanted.kind);
  const own: Signing = { key, pss: wanted.kind === 'rsa-pss' };
  const signing = wanted.issuer ?? own;
  const issuerName = wanted.issuer?.name ?? wanted.name;
  serials += 1;
  const serial = Buffer.from([0x40, serials >> 8, serials & 0xff]);
  const { fromMs = Date.now() - DAY_MS, untilMs = Date.now() + DAY_MS } = wanted;
  const body = sequence(
    der(contextTag(0), smallInteger(2)),
    der(TAG.integer, serial),
    algorithmOf(signing),
    nameOf(issuerName),
    sequence(timeOf(fromMs), timeOf(untilMs)),
    nameOf(wanted.name),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    ...(wanted.extensions.length === 0 ? [] : [der(contextTag(3), sequence(...wanted.extensions))]),
  );
  const certificate = sequence(body, algorithmOf(signing), der(TAG.bitString, Buffer.of(0), signed(signing, body)));
  return { ...own, name: wanted.name, certificate, pem: pemOf(certificate), serial, issuerName };
}

export interface Tsa {
  readonly root: Issued;
  readonly signer: Issued;
  /** Between the two. */
  readonly intermediate: Issued | null;
}

export interface TsaOptions {
  readonly kind?: KeyKind;
  readonly name?: string;
  readonly withIntermediate?: boolean;
  /** Of every certificate. */
  readonly validity?: Pick<Wanted, 'fromMs' | 'untilMs'>;
  readonly signer?: Partial<Wanted>;
  readonly root?: Partial<Wanted>;
}

const KEY_CERT_SIGN = 0x06;
const DIGITAL_SIGNATURE = 0x80;

/** A root, perhaps an intermediate, and a certificate for time-stamping. */
export function makeTsa(options: TsaOptions = {}): Tsa {
  const { kind = 'ec', name = 'Test', withIntermediate = false, validity } = options;
  const ca = [EXTENSION.authority(), EXTENSION.usage(KEY_CERT_SIGN)];
  const root = issue({ name: `${name} root`, kind, extensions: ca, ...validity, ...options.root });
  const intermediate = withIntermediate
    ? issue({
        name: `${name} intermediate`,
        kind,
        issuer: root,
        ...validity,
        extensions: [EXTENSION.authority(0), ...ca.slice(1)],
      })
    : null;
  const signer = issue({
    name: `${name} time-stamping`,
    kind,
    issuer: intermediate ?? root,
    extensions: [EXTENSION.usage(DIGITAL_SIGNATURE), EXTENSION.purpose()],
    ...validity,
    ...options.signer,
  });
  return { root, intermediate, signer };
}

export interface TokenChanges {
  readonly genTimeMs?: number;
  readonly fraction?: string;
  readonly imprint?: Buffer;
  readonly nonce?: Buffer | null;
  readonly version?: number;
  readonly status?: Buffer;
  readonly certificates?: readonly Buffer[];
  /** Whose hash the signed attributes bind. */
  readonly bound?: Buffer;
  /** SHA-1 in the first form of the attribute. */
  readonly oldBinding?: boolean;
  readonly digestOf?: Buffer;
  readonly contentType?: string;
  readonly extra?: readonly Buffer[];
  readonly unsigned?: Buffer;
  readonly signature?: (good: Buffer) => Buffer;
}

const attribute = (name: string, value: Buffer): Buffer => sequence(oid(name), der(TAG.set, value));

function bindingOf(certificate: Buffer, isOld: boolean): Buffer {
  const hash = createHash(isOld ? 'sha1' : 'sha256')
    .update(certificate)
    .digest();
  const list = sequence(sequence(sequence(der(TAG.octetString, hash))));
  return attribute(isOld ? '1.2.840.113549.1.9.16.2.12' : '1.2.840.113549.1.9.16.2.47', list);
}

function askedFor(query: Buffer): { imprint: Uint8Array; nonce: Uint8Array } {
  const members = membersOf(readOne(query, TAG.sequence, 'query'), TAG.sequence, 'query');
  members.take(TAG.integer);
  const imprint = membersOf(members.take(TAG.sequence), TAG.sequence, 'imprint');
  imprint.take(TAG.sequence);
  return { imprint: imprint.take(TAG.octetString).content, nonce: members.take(TAG.integer).content };
}

/** The answer to a request, with what is wrong with it. */
export function answer({ signer, intermediate }: Tsa, query: Buffer, changes: TokenChanges = {}): Buffer {
  const asked = askedFor(query);
  const nonce = changes.nonce === undefined ? asked.nonce : changes.nonce;
  const info = sequence(
    smallInteger(changes.version ?? 1),
    oid('1.2.3.4.1'),
    sequence(HASH, der(TAG.octetString, changes.imprint ?? asked.imprint)),
    smallInteger(7),
    timeOf(changes.genTimeMs ?? Date.now(), changes.fraction),
    sequence(smallInteger(1)),
    ...(nonce === null ? [] : [der(TAG.integer, nonce)]),
    ...(changes.extra ?? []),
  );
  const attributes = Buffer.concat([
    attribute('1.2.840.113549.1.9.3', oid(changes.contentType ?? '1.2.840.113549.1.9.16.1.4')),
    attribute(
      '1.2.840.113549.1.9.4',
      der(
        TAG.octetString,
        createHash('sha256')
          .update(changes.digestOf ?? info)
          .digest(),
      ),
    ),
    bindingOf(changes.bound ?? signer.certificate, changes.oldBinding ?? false),
  ]);
  const good = signed(signer, der(TAG.set, attributes));
  const signerInfo = sequence(
    smallInteger(1),
    sequence(nameOf(signer.issuerName), der(TAG.integer, signer.serial)),
    HASH,
    der(contextTag(0), attributes),
    algorithmOf(signer),
    der(TAG.octetString, changes.signature?.(good) ?? good),
    ...(changes.unsigned === undefined ? [] : [der(contextTag(1), changes.unsigned)]),
  );
  const certificates = changes.certificates ?? [
    signer.certificate,
    ...(intermediate === null ? [] : [intermediate.certificate]),
  ];
  const data = sequence(
    smallInteger(3),
    der(TAG.set, HASH),
    sequence(oid('1.2.840.113549.1.9.16.1.4'), der(contextTag(0), der(TAG.octetString, info))),
    ...(certificates.length === 0 ? [] : [der(contextTag(0), ...certificates)]),
    der(TAG.set, signerInfo),
  );
  const status = changes.status ?? sequence(smallInteger(0), sequence(der(0x0c, Buffer.from('Operation Okay'))));
  return sequence(status, sequence(oid('1.2.840.113549.1.7.2'), der(contextTag(0), data)));
}
