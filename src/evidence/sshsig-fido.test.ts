import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeFidoKey } from '../../test/fakes/fido-key.js';
import { parseSshsig, verifySshsig } from './sshsig.js';
import { sshArmor, wireString } from './ssh-wire.js';

const NAMESPACE = 'exhibit-seal@v1';
const message = Buffer.from('tagmanifest');

const isGood = (armored: string, over: Uint8Array = message): boolean => {
  const signature = parseSshsig(armored);
  return signature !== null && verifySshsig(signature, over, NAMESPACE);
};

describe.each(['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const)('%s', (type) => {
  const key = makeFidoKey(type);

  it('verifies over its message, whatever flags and counter it was made with, as ssh-keygen has it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(255), fc.nat(0xffffffff), (bytes, flags, counter) => {
        expect(isGood(key.sign(bytes, NAMESPACE, { flags, counter }), bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('is bound to message, namespace, application and key', () => {
    expect(isGood(key.sign(message, NAMESPACE), Buffer.from('other'))).toBe(false);
    expect(isGood(key.sign(message, 'file'))).toBe(false);
    const elsewhere = makeFidoKey(type, 'ssh:other');
    const foreign = elsewhere.sign(message, NAMESPACE);
    expect(isGood(foreign)).toBe(true);
    const bytes = Buffer.from(foreign.split('\n').slice(1, -2).join(''), 'base64');
    const swapped = Buffer.from(bytes.toString('latin1').replace('ssh:other', 'ssh:OTHER'), 'latin1');
    expect(isGood(sshArmor('SSH SIGNATURE', swapped))).toBe(false);
  });

  it('does not verify with any bit changed, flags and counter included', () => {
    const bytes = Buffer.from(key.sign(message, NAMESPACE).split('\n').slice(1, -2).join(''), 'base64');
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(isGood(sshArmor('SSH SIGNATURE', changed))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('is no signature without flags and counter', () => {
    const bytes = Buffer.from(key.sign(message, NAMESPACE).split('\n').slice(1, -2).join(''), 'base64');
    const head = bytes.subarray(0, bytes.length - 5);
    // The length of the last string is that of the signature inside.
    const inner = head.lastIndexOf(wireString(type));
    head.writeUInt32BE(head.readUInt32BE(inner - 4) - 5, inner - 4);
    expect(parseSshsig(sshArmor('SSH SIGNATURE', head))).toBeNull();
  });
});
