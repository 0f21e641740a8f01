import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { AgeProgram } from '../../src/evidence/age/age-program.js';
import { readRecipients } from '../../src/evidence/age/recipients.js';
import type { AgeTarget } from '../../src/evidence/age/make-header.js';
import type { PassphraseSource } from '../../src/ports/passphrase-source.js';

export const AGE: AgeProgram = { variables: process.env };

/** Where there is no program `age`. */
export const NO_AGE: AgeProgram = { variables: { PATH: '/nonexistent' } };

export interface AgeKey {
  readonly identity: string;
  readonly identityPath: string;
  readonly recipient: string;
}

/** A new identity in a file of its own. */
export async function ageKey(kind: 'X25519' | 'post-quantum' = 'X25519'): Promise<AgeKey> {
  const identity = await (kind === 'X25519' ? generateX25519Identity() : generateHybridIdentity());
  const identityPath = join(mkdtempSync(join(tmpdir(), 'exhibit-age-')), 'identity.txt');
  const recipient = await identityToRecipient(identity);
  writeFileSync(identityPath, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600 });
  return { identity, identityPath, recipient };
}

export async function targetOf(...recipients: string[]): Promise<AgeTarget> {
  const [first, ...rest] = await readRecipients(recipients);
  if (first === undefined) throw new Error('no recipient');
  return { recipients: [first, ...rest] };
}

/** Gives these, one after the other, and notes for what it was asked. */
export function passphrasesOf(...texts: string[]): PassphraseSource & { readonly asked: string[] } {
  const asked: string[] = [];
  const left = [...texts];
  return {
    asked,
    maxTries: texts.length,
    read: async (purpose) => {
      asked.push(purpose);
      const text = left.shift();
      if (text === undefined) throw new Error('asked too often');
      return Buffer.from(text);
    },
  };
}
