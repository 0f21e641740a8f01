import type { CustodyExhibit, CustodyRecord } from '../../model/post-seal-custody.js';
import { readCustodyFolder, type CustodyReading } from './read-custody-folder.js';
import type { CustodyTrust } from './custody-signature.js';

/** Beyond it, the oldest are left out: a token is renewed once in years. */
const MAX_RETIMESTAMPS = 64;

/** A `retimestamp` event that stands in an unbroken chain about this archive, with a good signature. */
export interface Retimestamp {
  readonly seq: number;
  /** Absolute or relative as the archive's path was. */
  readonly path: string;
  /** SHA-256 of the event file. */
  readonly sha256: string;
  readonly at: string;
  readonly data: CustodyRecord['data'];
  /** As the list of trusted signers names who signed; `null` when it does not: a token is proof by itself, whoever fetched it. */
  readonly principal: string | null;
  readonly fingerprint: string;
}

/**
 * The `retimestamp` events beside an archive, oldest first, at most the newest 64. An event counts when nothing up to and with it breaks
 * the record; what comes after it does not matter. No token in them is checked here. Throws `STORAGE_*` for a folder that cannot be read.
 */
export async function readRetimestamps(options: {
  readonly archivePath: string;
  readonly exhibit: CustodyExhibit;
  readonly trust: CustodyTrust;
}): Promise<{ readonly retimestamps: readonly Retimestamp[]; readonly reading: CustodyReading }> {
  const retimestamps: Retimestamp[] = [];
  const reading = await readCustodyFolder({
    ...options,
    onEvent: ({ record, isSound, signature, path, sha256 }) => {
      if (record.event !== 'retimestamp' || !isSound || signature === null) return;
      if (retimestamps.length >= MAX_RETIMESTAMPS) retimestamps.shift();
      const { seq, at, data } = record;
      const { fingerprint, trust } = signature;
      retimestamps.push({ seq, path, sha256, at, data, principal: trust.principal, fingerprint });
    },
  });
  return { retimestamps, reading };
}
