import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  type Bag,
  gzipOf,
  packBag,
  receiptOf,
  sealedBag,
  signBag,
} from '../../../test/fakes/archive-builder.js';
import { makeFidoKey } from '../../../test/fakes/fido-key.js';
import { localRemoteKey } from '../../../test/fakes/local-remote-key.js';
import { inHalf } from '../../../test/fakes/other-half.js';
import { stampBag } from '../../../test/fakes/stamp-bag.js';
import { makeTsa } from '../../../test/fakes/token-maker.js';
import { NOW_MS, verifyBytes } from '../../../test/fakes/verify-bytes.js';
import type { VerifyReport } from '../../model/verdict.js';
import { parseRevokedKeys } from '../revocation/revoked-keys.js';
import { createRemoteKeySigner } from '../signers/remote-key-signer.js';
import { ed25519Blob, renderPublicKey } from '../ssh-public-key.js';
import { parseSshsig, verifySshsig } from '../sshsig.js';

const makeKey = () => generateKeyPairSync('ed25519').privateKey;
const [first, second, third] = [makeKey(), makeKey(), makeKey()];
const SIGNATURES = ['seal/tagmanifest-sha256.txt.sig', 'seal/tagmanifest-sha256.txt.2.sig'] as const;
const KEYS = ['seal/signer.pub', 'seal/signer-2.pub'] as const;
const policy = { requireTimestamp: false, requireSigners: 2 };

/** An archive whose policy asks for two signers, signed by both. */
const sealedByTwo = (): Bag => signBag(sealedBag(first, { statement: { policy } }), second, 2);
const lineOf = (key: typeof first): string => renderPublicKey({ type: 'ssh-ed25519', blob: ed25519Blob(key) });
const trusting = (text: string, revoked = '') => ({
  allowedSigners: { source: 'list', text, revoked: parseRevokedKeys(Buffer.from(revoked), 'revoked') },
});
const BOTH = allowedSignersOf(first) + allowedSignersOf(second);

const judge = async (bag: Bag, options: object = trusting(BOTH)): Promise<VerifyReport> =>
  await verifyBytes(gzipOf(packBag(bag)), null, options);
const swap = (bag: Bag, [one, other]: readonly [string, string]): void => {
  const [a, b] = [bag.files.get(one), bag.files.get(other)].map((bytes) => bytes ?? Buffer.alloc(0));
  bag.files.set(one, b ?? Buffer.alloc(0)).set(other, a ?? Buffer.alloc(0));
};

describe('an archive whose policy asks for two signers', () => {
  it('is verified when both are trusted, and the line names both', async () => {
    const report = await judge(sealedByTwo());
    expect(report.verdict).toBe('VERIFIED');
    expect(report.line).toMatch(/signed by \S+ SHA256:\S+ and \S+ SHA256:/);
  });

  it.each([
    ['the first', allowedSignersOf(first)],
    ['the second', allowedSignersOf(second)],
    ['neither', allowedSignersOf(third)],
    ['the first, under two names', allowedSignersOf(first) + allowedSignersOf(first).replace('tester', 'other')],
  ])('has an untrusted signer when the list knows %s', async (_what, text) => {
    expect((await judge(sealedByTwo(), trusting(text))).verdict).toBe('UNTRUSTED_SIGNER');
  });

  it.each([
    ['the first', lineOf(first)],
    ['the second', lineOf(second)],
  ])('has an untrusted signer when %s is revoked, and the report says so', async (_what, revoked) => {
    const report = await judge(sealedByTwo(), trusting(BOTH, revoked));
    expect(report).toMatchObject({ verdict: 'UNTRUSTED_SIGNER', exitCode: 4, findingsTotal: 0 });
    expect(report.line).toContain('the key is revoked (revoked)');
    const { detail } = report.checks.find(({ check }) => check === 'signature') ?? {};
    expect(detail).toContain('list without the revoked keys of revoked');
  });

  it('is still verified when somebody else is revoked', async () => {
    expect((await judge(sealedByTwo(), trusting(BOTH, lineOf(third)))).verdict).toBe('VERIFIED');
  });

  it('is intact, but not sealed by as many, when the second signature was removed as a whole', async () => {
    const bag = sealedByTwo();
    const container = gzipOf(packBag(bag));
    bag.files.delete(SIGNATURES[1]);
    bag.files.delete(KEYS[1]);
    expect(await judge(bag)).toMatchObject({ verdict: 'INTACT_UNSEALED', exitCode: 4 });
    const receipt = receiptOf(bag, container, first);
    expect((await judge(bag, { ...trusting(BOTH), receipt })).verdict).toBe('TAMPERED');
  });

  it.each([
    ['the first signature', [SIGNATURES[0], KEYS[0]]],
    ['half of the second', [KEYS[1]]],
    ['half of the first', [SIGNATURES[0]]],
  ])('is tampered with when it lacks %s', async (_what, paths) => {
    const bag = sealedByTwo();
    for (const path of paths) bag.files.delete(path);
    expect((await judge(bag)).verdict).toBe('TAMPERED');
  });

  it('is tampered with when the signatures changed places and the keys did not', async () => {
    const bag = sealedByTwo();
    swap(bag, [...SIGNATURES]);
    expect((await judge(bag)).verdict).toBe('TAMPERED');
  });

  it('is tampered with for its receipt only when the signers changed places as wholes', async () => {
    const bag = sealedByTwo();
    const receipt = receiptOf(bag, gzipOf(packBag(bag)), first);
    expect((await judge(bag, { ...trusting(BOTH), receipt })).verdict).toBe('VERIFIED');
    swap(bag, [...SIGNATURES]);
    swap(bag, [...KEYS]);
    expect((await judge(bag)).verdict).toBe('VERIFIED');
    expect((await judge(bag, { ...trusting(BOTH), receipt })).verdict).toBe('TAMPERED');
  });

  it('cannot be satisfied by a stranger in place of the second signer, nor by one signer twice', async () => {
    const bag = sealedBag(first, { statement: { policy } });
    expect((await judge(signBag(bag, third, 2))).verdict).toBe('UNTRUSTED_SIGNER');
    expect((await judge(signBag(bag, first, 2))).verdict).toBe('INTACT_UNSEALED');
  });

  it('judges the first signer at the proven time, and the second, over whose signature no token is, now', async () => {
    const yearMs = 365 * 86_400_000;
    const atMs = NOW_MS - 5 * yearMs;
    const validity = { fromMs: atMs - yearMs, untilMs: atMs + yearMs };
    const tsa = makeTsa({ root: validity, signer: validity });
    const bag = stampBag(sealedByTwo(), tsa, { changes: { genTimeMs: atMs } });
    const day = new Date(atMs + yearMs).toISOString().slice(0, 10).replaceAll('-', '');
    const until = (key: typeof first): string =>
      allowedSignersOf(key).replace('namespaces=', `valid-before="${day}Z",namespaces=`);
    const given = (text: string) => ({ ...trusting(text), tsaRoots: { source: 'roots', text: tsa.root.pem } });
    expect((await judge(bag, given(until(first) + allowedSignersOf(second)))).verdict).toBe('VERIFIED');
    const late = await judge(bag, given(allowedSignersOf(first) + until(second)));
    expect(late.verdict).toBe('UNTRUSTED_SIGNER');
    expect(late.line).toContain('the key is no longer valid');
  });

  it.each([
    ['one', sealedBag(first), 2],
    ['two', sealedByTwo(), 3],
  ])('is tampered with when somebody adds a signature where the policy asks for %s', async (_what, bag, number) => {
    expect((await judge(bag)).verdict).toBe('VERIFIED');
    const path = `seal/tagmanifest-sha256.txt.${String(number)}.sig`;
    expect(await judge(signBag(bag, third, number))).toMatchObject({
      verdict: 'TAMPERED',
      findings: [{ check: 'closure', path }],
    });
  });

  it('cannot be satisfied by a signature over another archive', async () => {
    const other = signBag(sealedBag(first, { statement: { policy, classification: 'other' } }), second, 2);
    const bag = sealedByTwo();
    bag.files.set(SIGNATURES[1], other.files.get(SIGNATURES[1]) ?? Buffer.alloc(0));
    expect((await judge(bag)).verdict).toBe('TAMPERED');
  });
});

describe('signers of other kinds', () => {
  it('count like any other: a FIDO key, and a key of a service', async () => {
    const bag = sealedBag(first, { statement: { policy: { ...policy, requireSigners: 3 } } });
    const message = bag.files.get('tagmanifest-sha256.txt') ?? Buffer.alloc(0);
    const fido = makeFidoKey('sk-ecdsa-sha2-nistp256@openssh.com');
    const remote = await createRemoteKeySigner(localRemoteKey());
    const signatures = [
      inHalf(fido.sign(message, 'exhibit-seal@v1'), 'low'),
      await remote.sign(message, 'exhibit-seal@v1'),
    ];
    const keys = [fido.publicKey, remote.publicKey];
    for (const [index, armored] of signatures.entries()) {
      bag.files.set(`seal/tagmanifest-sha256.txt.${String(index + 2)}.sig`, Buffer.from(armored));
      bag.files.set(`seal/signer-${String(index + 2)}.pub`, Buffer.from(`${keys[index] ?? ''}\n`));
    }
    const all = [...keys, lineOf(first)].map((line) => `who ${line}\n`).join('');
    expect((await judge(bag, trusting(all))).verdict).toBe('VERIFIED');
    expect((await judge(bag, trusting(all, fido.publicKey))).verdict).toBe('UNTRUSTED_SIGNER');
    for (const [index, armored] of signatures.entries()) {
      const path = `seal/tagmanifest-sha256.txt.${String(index + 2)}.sig`;
      const other = inHalf(armored, 'high');
      const parsed = parseSshsig(other);
      expect(parsed !== null && verifySshsig(parsed, message, 'exhibit-seal@v1')).toBe(true);
      const changed = { ...bag, files: new Map(bag.files).set(path, Buffer.from(other)) };
      expect(await judge(changed, trusting(all))).toMatchObject({
        verdict: 'TAMPERED',
        findings: [{ check: 'signature', path, expected: 'a signature in the form of exhibit/1' }],
      });
    }
  });
});
