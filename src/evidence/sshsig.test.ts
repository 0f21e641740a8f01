import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ed25519Blob,
  fingerprintOf,
  parsePublicKeyBlob,
  parsePublicKeyLine,
  renderPublicKey,
} from './ssh-public-key.js';
import { sshArmor, wireString } from './ssh-wire.js';
import { armorSshsig, parseSshsig, signSshsig, sshsigPayload, verifySshsig } from './sshsig.js';

const key = generateKeyPairSync('ed25519').privateKey;
const NAMESPACE = 'exhibit-seal@v1';

/** Made with ssh-keygen -Y sign over "hi\n", one for each type of key and hash. */
const FROM_SSH_KEYGEN = [
  `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgDzTE6Bs49IE4M4E7JuE594zThS
rMQ9Dk+X4Kh91NgukAAAAPZXhoaWJpdC1zZWFsQHYxAAAAAAAAAAZzaGE1MTIAAABTAAAA
C3NzaC1lZDI1NTE5AAAAQEM2V0Qh8CMTyNivQQWRSR4XNIIkivL1U9k7OyM04YIfv5jfzw
aVAufAlw/5ynh7okjGRsSSNfDyvQjZhTQMngU=
-----END SSH SIGNATURE-----
`,
  `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
EEbLjRRvPWTa+34JFcQ+IErso3LMCUewITb+94mix+FcBmIZR7i0jn3+remJhJxta36vfQ
2xUStoeFtwOHjkcuVAAAAA9leGhpYml0LXNlYWxAdjEAAAAAAAAABnNoYTI1NgAAAGQAAA
ATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAEkAAAAhAOXw8Jcgr7Phv22uuRVeMW10vrNbtxEl
SfTwn2tREfDiAAAAIFPrfvPyH97PztOHWkdvKUaS7T3JynKQk+zfvMhtpDup
-----END SSH SIGNATURE-----
`,
  `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE
EEbLjRRvPWTa+34JFcQ+IErso3LMCUewITb+94mix+FcBmIZR7i0jn3+remJhJxta36vfQ
2xUStoeFtwOHjkcuVAAAAA9leGhpYml0LXNlYWxAdjEAAAAAAAAABnNoYTUxMgAAAGQAAA
ATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAEkAAAAgfsvCDDmDXvjg2esLCk3IVaFRxukjhf+q
bc3u55oxJMYAAAAhAKFR+p3n3p5KxMZT275TyadX2nxweaMSczPUtKdyIeFE
-----END SSH SIGNATURE-----
`,
  `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBAMlF14iI49lk4cLUH2nsgb
rxf70r2sfuSPt0/DT+Tma2lwN7uno6FLHZkHRgt3n0ANvzXNjvG82vQ0FcJvEYWjlB4qEr
v6QDjIDK/vWoZEJ2zqmG3nk/D3/A8WDBG0Qq+scpjRs7C3HvlT1K61WXGZnBtg0hytA+qN
tm+BTPRhM5xbERCIYFWip5h1Mg3inZGvGwQ3NKmahHjV3+7Ft9Xhrqawpd4YF5+GeFCVqO
kZh94V0QJxodPeh/cjaE9l25hpSSEK4hupRBhrPwkjAuG/WLJq0nGwIRZd2Nuhky52WW8K
O+98X1RTnNlrTOVhPpyQpWZXx6IrU/n3BcvTjWaGEAAAAPZXhoaWJpdC1zZWFsQHYxAAAA
AAAAAAZzaGE1MTIAAAEUAAAADHJzYS1zaGEyLTUxMgAAAQBeSSqA4+HSvuaYpvy6UflniL
ptrq7S2dn8bx0YGhA3+DaUe2M9A6albcIr+pFGFDeCFVQvixRORKfrSPioIu8rwkX5qtE3
rEv5gx9BGgy0zNgvj0qMb4hJk7E+hwdKMqPToOmKsk0QMULfXiaHWUfuphOVKeEv++jQSQ
BVr+fuIdK6Ha+/tdOxuKPcHBM46jQjB8om/oiR3EW+BwX+W07LVikmulikzU0xhGkM/T6U
Ch0K47UVhXtpyGp2tadOk3zxsXIqlbvgGvK199wqcU0ZjcEjNu3hYxxwDj/jRSMalQNLar
9FJMcu3r8wuVozJMk/T+B3K7iJiAVzqJxjB62R
-----END SSH SIGNATURE-----
`,
];

describe('verifySshsig', () => {
  it('accepts what ssh-keygen made, for that message and namespace only', () => {
    for (const armored of FROM_SSH_KEYGEN) {
      const signature = parseSshsig(armored);
      if (signature === null) throw new Error('not parsed');
      expect(verifySshsig(signature, Buffer.from('hi\n'), NAMESPACE)).toBe(true);
      expect(verifySshsig(signature, Buffer.from('hi'), NAMESPACE)).toBe(false);
      expect(verifySshsig(signature, Buffer.from('hi\n'), 'file')).toBe(false);
      expect(fingerprintOf(signature.publicKey.blob)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    }
  });

  it('accepts what signSshsig made', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.stringMatching(/^[a-z@.-]{1,20}$/), (message, namespace) => {
        const signature = parseSshsig(signSshsig(key, message, namespace));
        expect(signature !== null && verifySshsig(signature, message, namespace)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a good signature in an envelope that names another namespace', () => {
    const message = Buffer.from('message');
    const raw = sign(null, sshsigPayload(message, NAMESPACE), key);
    const signature = Buffer.concat([wireString('ssh-ed25519'), wireString(raw)]);
    const inEnvelope = (namespace: string): boolean => {
      const parsed = parseSshsig(armorSshsig({ publicKeyBlob: ed25519Blob(key), namespace, signature }));
      return parsed !== null && verifySshsig(parsed, message, NAMESPACE);
    };
    expect([inEnvelope(NAMESPACE), inEnvelope('file')]).toEqual([true, false]);
  });

  it('refuses any character changed', () => {
    const message = Buffer.from('message');
    const armored = signSshsig(key, message, NAMESPACE);
    fc.assert(
      fc.property(fc.nat(armored.length - 1), fc.integer({ min: 0, max: 255 }), (at, code) => {
        fc.pre(armored.charCodeAt(at) !== code);
        const signature = parseSshsig(armored.slice(0, at) + String.fromCharCode(code) + armored.slice(at + 1));
        expect(signature !== null && verifySshsig(signature, message, NAMESPACE)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('parseSshsig', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(
          parseSshsig(sshArmor('SSH SIGNATURE', Buffer.concat([Buffer.from('SSHSIG\0\0\0\x01'), bytes]))),
        ).toBeNull();
      }),
    );
  });

  it.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['shorter lines', (text: string) => text.replace(/^(.{40})/gm, '$1\n')],
    ['one line', (text: string) => text.replace(/(?<=[^-])\n(?=[^-])/g, '')],
    ['text before', (text: string) => `x${text}`],
    ['text after', (text: string) => `${text}x`],
    ['no last LF', (text: string) => text.trimEnd()],
    ['a megabyte', (text: string) => text.repeat(4000)],
  ])('refuses %s', (_what, change) => {
    expect(parseSshsig(change(signSshsig(key, Buffer.from('m'), NAMESPACE)))).toBeNull();
  });
});

describe('public keys', () => {
  it('round trip', () => {
    const blob = ed25519Blob(key);
    const line = renderPublicKey({ type: 'ssh-ed25519', blob });
    expect(parsePublicKeyLine(line)?.blob.equals(blob)).toBe(true);
    expect(parsePublicKeyLine(`${line} comment`)).toBeNull();
    expect(parsePublicKeyLine(line.replace('ssh-ed25519 ', 'ssh-rsa '))).toBeNull();
    expect(parsePublicKeyLine(` ${line}`)).toBeNull();
  });

  it('never throw, whatever the bytes', () => {
    const types = [
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'ssh-rsa',
      'sk-ssh-ed25519@openssh.com',
      'sk-ecdsa-sha2-nistp256@openssh.com',
      'other',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 4 }),
        (type, fields) => {
          const blob = Buffer.concat([wireString(type), ...fields.map(wireString)]);
          const parsed = parsePublicKeyBlob(blob);
          if (parsed !== null) expect(parsed.blob.equals(blob)).toBe(true);
          else expect(parsed).toBeNull();
        },
      ),
    );
    expect(parsePublicKeyBlob(Buffer.concat([ed25519Blob(key), Buffer.alloc(1)]))).toBeNull();
  });

  it('refuse RSA below 2048 bits', () => {
    const rsa = (bits: number): Buffer => {
      const { n, e } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });
      const number = (text: string | undefined): Buffer =>
        wireString(
          Buffer.concat([
            Buffer.from((text ?? '').startsWith('AQAB') ? '' : '00', 'hex'),
            Buffer.from(text ?? '', 'base64url'),
          ]),
        );
      return Buffer.concat([wireString('ssh-rsa'), number(e), number(n)]);
    };
    expect(parsePublicKeyBlob(rsa(2048))?.type).toBe('ssh-rsa');
    expect(parsePublicKeyBlob(rsa(1024))).toBeNull();
  });
});
