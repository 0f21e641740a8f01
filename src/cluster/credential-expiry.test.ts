import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { makeTestCertificates, type TestCertificates } from '../../test/fakes/test-certificates.js';
import { systemClock } from '../lib/clock.js';
import { credentialExpiry } from './credential-expiry.js';

let certificates: TestCertificates;
let folder: string;
beforeAll(() => {
  certificates = makeTestCertificates();
  folder = mkdtempSync(join(tmpdir(), 'exhibit-expiry-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (payload: unknown): string => `${part({ alg: 'none' })}.${part(payload)}.c2ln`;

async function expiryOf(user: Readonly<Record<string, unknown>>) {
  const kubeconfig = join(folder, 'config');
  const config = {
    'apiVersion': 'v1',
    'kind': 'Config',
    'current-context': 'c',
    'clusters': [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443' } }],
    'users': [{ name: 'u', user }],
    'contexts': [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(kubeconfig, stringify(config), { mode: 0o600 });
  return await credentialExpiry({ globals: { kubeconfig }, variables: {} }, systemClock);
}

describe('until when a credential is valid', () => {
  it('is said by the token', async () => {
    expect(await expiryOf({ token: tokenOf({ exp: 1_800_000_000 }) })).toEqual({
      kind: 'token',
      expiresAt: '2027-01-15T08:00:00.000Z',
      isRenewed: false,
    });
  });

  it('is said by the client certificate', async () => {
    const { cert, key } = certificates.client;
    const found = await expiryOf({
      'client-certificate-data': cert.toString('base64'),
      'client-key-data': key.toString('base64'),
    });
    expect(Date.parse(found.expiresAt ?? '')).toBe(Date.parse(new X509Certificate(cert).validTo));
  });

  it('matters less for a file that somebody else renews', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, tokenOf({ exp: 1_800_000_000 }));
    expect(await expiryOf({ tokenFile })).toMatchObject({ kind: 'token-file', isRenewed: true });
  });

  it('is not known of a token that is opaque, or says something that is no instant', async () => {
    const said = [{}, { exp: 'tomorrow' }, { exp: 1.5 }, { exp: -1 }, { exp: 9e15 }, null, [], 7];
    for (const token of ['opaque', 'a.b', 'a.b.c', ...said.map(tokenOf)])
      expect((await expiryOf({ token })).expiresAt).toBeNull();
  });

  it('is null or an instant for whatever the payload holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.base64String(), async (payload) => {
        const token = `a.${payload.replaceAll(/[+/=]/g, '')}x.c`;
        const { expiresAt } = await expiryOf({ token });
        expect(expiresAt === null || !Number.isNaN(Date.parse(expiresAt))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
