import { describe, expect, it } from 'vitest';
import { ageKey, passphrasesOf } from '../../test/fakes/age-world.js';
import { encryptionAsked, type EncryptionFlagValues } from './encryption-flags.js';
import { readEnvironment } from './environment.js';

const key = await ageKey();

const FLAGS: EncryptionFlagValues = {
  'encrypt-to': undefined,
  'encrypt-passphrase': false,
  'encrypt-passphrase-fd': undefined,
  'keep-plaintext': false,
  'passphrase-fd': undefined,
};

async function asked(
  flags: Partial<EncryptionFlagValues>,
  options: { typed?: readonly string[]; mayAsk?: boolean; path?: string } = {},
) {
  const { typed = [], mayAsk = false, path = '/nonexistent' } = options;
  const source = passphrasesOf(...typed);
  const environment = { ...readEnvironment(), variables: { PATH: path } };
  const answers = { yes: false, mayAsk, signal: new AbortController().signal };
  const result = await encryptionAsked({ environment, passphrases: () => source }, { ...FLAGS, ...flags }, answers);
  return { ...result, asked: source.asked };
}

describe('the encryption that the flags of a seal ask for', () => {
  it('is none without flags', async () => {
    await expect(asked({})).resolves.toMatchObject({ encryption: null, newPassphrase: null });
  });

  it('goes to the recipients that were named', async () => {
    const { encryption } = await asked({ 'encrypt-to': [key.recipient], 'keep-plaintext': true });
    expect(encryption).toEqual({ recipients: [{ kind: 'X25519', text: key.recipient }], keepPlaintext: true });
  });

  it('is refused before the seal when a recipient cannot be used', async () => {
    const letter = key.recipient.endsWith('q') ? 'p' : 'q';
    for (const recipient of [key.recipient.slice(0, -1) + letter, 'ssh-ed25519 AAAA', key.identityPath])
      await expect(asked({ 'encrypt-to': [recipient] })).rejects.toMatchObject({ code: 'AGE_KEY_INVALID' });
  });

  it('asks for a passphrase at once and twice, and hands out copies', async () => {
    const { asked: purposes, newPassphrase } = await asked({ 'encrypt-passphrase': true }, { typed: ['abc', 'abc'] });
    expect(purposes).toHaveLength(2);
    const first = await newPassphrase?.();
    first?.fill(0);
    expect((await newPassphrase?.())?.toString()).toBe('abc');
  });

  it('refuses passphrases that differ or are empty', async () => {
    for (const typed of [
      ['abc', 'abd'],
      ['', ''],
    ])
      await expect(asked({ 'encrypt-passphrase': true }, { typed })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('takes one descriptor for one passphrase', async () => {
    const flags = { 'encrypt-passphrase-fd': '3', 'passphrase-fd': '3' };
    await expect(asked(flags, { typed: ['abc'] })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    const { encryption } = await asked({ ...flags, 'passphrase-fd': '4' }, { typed: ['abc'] });
    expect(encryption).toEqual({ recipients: [], keepPlaintext: false });
  });

  it('keeps no plaintext of what is not encrypted', async () => {
    await expect(asked({ 'keep-plaintext': true })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('asks later, where somebody is there, for what an earlier run left to do', async () => {
    const { encryption, newPassphrase, asked: purposes } = await asked({}, { typed: ['abc', 'abc'], mayAsk: true });
    expect([encryption, purposes.length]).toEqual([null, 0]);
    expect((await newPassphrase?.())?.toString()).toBe('abc');
  });
});
