import { webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { toDate } from '../lib/clock.js';

const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basic: '2.5.29.19',
  usage: '2.5.29.15',
  names: '2.5.29.17',
};
const OID_EXTENDED_USAGE = '2.5.29.37';
const PURPOSE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

/** PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

interface Authority extends Credential {
  readonly name: string;
  readonly signingKey: webcrypto.CryptoKey;
}

interface Subject {
  readonly name: string;
  readonly organizations?: readonly string[];
  readonly purpose?: keyof typeof PURPOSE;
  readonly hosts?: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

let serial = 1;

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function attribute(type: string, text: string): pkijs.AttributeTypeAndValue {
  return new pkijs.AttributeTypeAndValue({ type, value: new asn1js.Utf8String({ value: text }) });
}

function extension(extnID: string, critical: boolean, value: asn1js.BaseBlock): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER(false) });
}

function hostName(host: string): pkijs.GeneralName {
  if (!/^[0-9.]+$/.test(host)) return new pkijs.GeneralName({ type: 2, value: host });
  const octets = Uint8Array.from(host.split('.').map(Number));
  return new pkijs.GeneralName({ type: 7, value: new asn1js.OctetString({ valueHex: octets.buffer }) });
}

function extensionsOf(subject: Subject): pkijs.Extension[] {
  const { purpose, hosts = [] } = subject;
  // keyCertSign for an authority, digitalSignature for the others.
  const usage = new asn1js.BitString({ valueHex: Uint8Array.of(purpose === undefined ? 0x06 : 0x80).buffer });
  const list = [
    extension(OID.basic, true, new pkijs.BasicConstraints({ cA: purpose === undefined }).toSchema()),
    extension(OID.usage, true, usage),
  ];
  if (purpose !== undefined) {
    list.push(
      extension(OID_EXTENDED_USAGE, false, new pkijs.ExtKeyUsage({ keyPurposes: [PURPOSE[purpose]] }).toSchema()),
    );
  }
  if (hosts.length > 0) {
    list.push(extension(OID.names, false, new pkijs.GeneralNames({ names: hosts.map(hostName) }).toSchema()));
  }
  return list;
}

async function issue(subject: Subject, issuer: Authority | null): Promise<Authority> {
  const pair = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = new pkijs.Certificate({ version: 2, serialNumber: new asn1js.Integer({ value: serial++ }) });
  certificate.subject.typesAndValues.push(attribute(OID.commonName, subject.name));
  for (const organization of subject.organizations ?? []) {
    certificate.subject.typesAndValues.push(attribute(OID.organization, organization));
  }
  certificate.issuer.typesAndValues.push(attribute(OID.commonName, issuer?.name ?? subject.name));
  certificate.notBefore.value = toDate(subject.notBeforeMs);
  certificate.notAfter.value = toDate(subject.notAfterMs);
  certificate.extensions = extensionsOf(subject);
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey);
  const signingKey = issuer?.signingKey ?? pair.privateKey;
  await certificate.sign(signingKey, 'SHA-256');
  return {
    name: subject.name,
    signingKey: pair.privateKey,
    certificate: pem('CERTIFICATE', certificate.toSchema(true).toBER(false)),
    key: pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', pair.privateKey)),
  };
}

export interface Certificates {
  /** What clients trust. PEM. */
  readonly authority: string;
  readonly server: Credential;
  readonly client: Credential;
  /** A server certificate that no client should accept. */
  bad(kind: 'expired' | 'wrong-host' | 'unknown-authority'): Promise<Credential>;
}

/** An authority of its own with a server (127.0.0.1, localhost) and a client, new at every start and valid for a day. */
export async function makeCertificates(
  identity: { username: string; groups: readonly string[] },
  nowMs: number,
): Promise<Certificates> {
  pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }));
  const valid = { notBeforeMs: nowMs - 300_000, notAfterMs: nowMs + DAY_MS };
  const hosts = ['127.0.0.1', 'localhost'];
  const authority = await issue({ name: 'exhibit sandbox authority', ...valid }, null);
  // The server adds system:authenticated itself; a certificate must not claim it.
  const organizations = identity.groups.filter((group) => group !== 'system:authenticated');
  return {
    authority: authority.certificate,
    server: await issue({ name: 'exhibit sandbox', hosts, purpose: 'server', ...valid }, authority),
    client: await issue({ name: identity.username, organizations, purpose: 'client', ...valid }, authority),
    bad: async (kind) => {
      const subject: Subject = { name: 'exhibit sandbox', hosts, purpose: 'server', ...valid };
      if (kind === 'wrong-host') return await issue({ ...subject, hosts: ['elsewhere.invalid'] }, authority);
      if (kind === 'unknown-authority') return await issue(subject, null);
      return await issue({ ...subject, notBeforeMs: nowMs - 2 * DAY_MS, notAfterMs: nowMs - DAY_MS }, authority);
    },
  };
}
