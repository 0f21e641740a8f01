import type { ListedKey } from './key-ring.js';
import { renderFacts, renderTable } from './table.js';

export interface KeysShown {
  readonly keys: readonly ListedKey[];
  readonly trusted: readonly { readonly principals: string; readonly fingerprint: string; readonly revoked: boolean }[];
  readonly unused: readonly { readonly line: number; readonly why: string }[];
  /** Path of the trust list. */
  readonly source: string;
}

function keyTable(keys: readonly ListedKey[]): string {
  const rows = keys.map((key) => [key.name, key.fingerprint, key.heldIn, key.trustedAs ?? 'no']);
  return keys.length === 0 ? '' : renderTable(['name', 'fingerprint', 'held in', 'trusted as'], rows);
}

function trustTable({ trusted, source }: KeysShown): string {
  if (trusted.length === 0) return '';
  const rows = trusted.map(({ principals, fingerprint, revoked }) => [
    principals,
    `${fingerprint}${revoked ? ' (revoked)' : ''}`,
  ]);
  return `Trusted as signers (${source}):\n${renderTable(['principal', 'fingerprint'], rows)}`;
}

function unusedTable({ unused, source }: KeysShown): string {
  if (unused.length === 0) return '';
  const rows = unused.map(({ line, why }) => [String(line), why]);
  return `Not used (${source}):\n${renderTable(['line', 'why'], rows)}`;
}

/** The keys of this machine, whom it trusts, and which lines of its list it cannot use. */
export function presentKeys(shown: KeysShown): string {
  return [keyTable(shown.keys), trustTable(shown), unusedTable(shown)].filter((part) => part !== '').join('\n\n');
}

/** One key, with the line that others need to trust it. */
export function presentKey(key: ListedKey): string {
  return renderFacts([
    ['fingerprint', key.fingerprint],
    ['type', key.type],
    ['held in', key.heldIn],
    ['trusted as', key.trustedAs ?? 'no'],
    ['public key', key.publicKey],
  ]);
}

/** The same keys with all that is known of each. */
export function presentKeysWide(keys: readonly ListedKey[]): string {
  return renderTable(
    ['name', 'fingerprint', 'held in', 'trusted as', 'type', 'path', 'public key'],
    keys.map((key) => [
      key.name,
      key.fingerprint,
      key.heldIn,
      key.trustedAs ?? 'no',
      key.type,
      key.path,
      key.publicKey,
    ]),
  );
}
