import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import { makeCertificates } from './certificates.js';

const DAY_MS = 86_400_000;
const identity = { username: 'responder', groups: ['incident-response', 'system:authenticated'] };

describe('makeCertificates', () => {
  it('makes an authority, a server and a client that hold together for a day', async () => {
    const now = systemClock.nowMs();
    const made = await makeCertificates(identity, now);
    const authority = new X509Certificate(made.authority);
    const server = new X509Certificate(made.server.certificate);
    const client = new X509Certificate(made.client.certificate);
    expect(authority.ca).toBe(true);
    for (const leaf of [server, client]) {
      expect(leaf.ca).toBe(false);
      expect(leaf.checkIssued(authority)).toBe(true);
      expect(leaf.verify(authority.publicKey)).toBe(true);
      expect(Date.parse(leaf.validTo) - now).toBeLessThanOrEqual(DAY_MS);
      expect(Date.parse(leaf.validTo) - now).toBeGreaterThan(DAY_MS - 2000);
    }
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkHost('localhost')).toBe('localhost');
    // The server itself says who is authenticated; a certificate must not.
    expect(client.subject.split(/\n| \+ /).sort()).toEqual(['CN=responder', 'O=incident-response']);
    expect(new Set([authority, server, client].map((certificate) => certificate.serialNumber)).size).toBe(3);
  });

  it('makes others at each start', async () => {
    const [one, other] = [
      await makeCertificates(identity, systemClock.nowMs()),
      await makeCertificates(identity, systemClock.nowMs()),
    ];
    expect(new X509Certificate(one.server.certificate).checkIssued(new X509Certificate(other.authority))).toBe(true);
    expect(new X509Certificate(one.server.certificate).verify(new X509Certificate(other.authority).publicKey)).toBe(
      false,
    );
  });

  it('makes bad ones that are bad in one way', async () => {
    const now = systemClock.nowMs();
    const made = await makeCertificates(identity, now);
    const key = new X509Certificate(made.authority).publicKey;
    const of = async (kind: Parameters<typeof made.bad>[0]): Promise<X509Certificate> =>
      new X509Certificate((await made.bad(kind)).certificate);
    const [expired, elsewhere, unknown] = [await of('expired'), await of('wrong-host'), await of('unknown-authority')];
    expect([expired, elsewhere, unknown].map((certificate) => certificate.verify(key))).toEqual([true, true, false]);
    expect([expired, elsewhere, unknown].map((certificate) => Date.parse(certificate.validTo) > now)).toEqual([
      false,
      true,
      true,
    ]);
    expect([expired, elsewhere, unknown].map((certificate) => certificate.checkIP('127.0.0.1') !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });
});
