import { isAbsolute, join } from 'node:path';
import { ExhibitError } from '../model/errors.js';

export const DEFAULT_KEY = 'default';

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Where a signing key is: in a file, in the user's ssh-agent, or with AWS KMS. */
export type KeyReference =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'agent'; readonly publicKeyPath: string }
  | { readonly kind: 'awskms'; readonly keyId: string };

const ELSEWHERE = /^(agent|awskms):(.+)$/s;

/** Whether a key is named by where it is held, and is no file of ours. */
export function isHeldElsewhere(key: string): boolean {
  return ELSEWHERE.test(key);
}

export interface KeyPlaces {
  readonly keysDirectory: string;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
}

/** `agent:FILE.pub`, `awskms:ID`, a name of the key folder, or a path. Throws `USAGE_INVALID`. */
export function parseKeyReference(key: string, places: KeyPlaces): KeyReference {
  const [, holder, rest = ''] = ELSEWHERE.exec(key) ?? [];
  if (holder === 'awskms') return { kind: 'awskms', keyId: rest };
  // No shell expands a tilde after a colon.
  if (holder === 'agent' && rest.startsWith('~/'))
    return { kind: 'agent', publicKeyPath: join(places.homeDirectory, rest.slice(2)) };
  if (holder === 'agent')
    return { kind: 'agent', publicKeyPath: isAbsolute(rest) ? rest : join(places.workingDirectory, rest) };
  return { kind: 'file', path: keyPathOf(places.keysDirectory, key, places.workingDirectory) };
}

/** A key is given by name (a file of the key folder) or by path (with a slash). */
export function keyPathOf(keysDirectory: string, key: string, workingDirectory: string): string {
  if (key.includes('/')) return isAbsolute(key) ? key : join(workingDirectory, key);
  if (NAME.test(key) && !key.endsWith('.pub')) return join(keysDirectory, key);
  throw new ExhibitError(
    'USAGE_INVALID',
    'a key name is lower-case letters, digits, dot, dash and underscore; a path has a slash',
    { subject: key, hints: ['exhibit key show'] },
  );
}
