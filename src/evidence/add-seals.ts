import { ExhibitError } from '../model/errors.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import type { Signer } from '../ports/signer.js';
import type { Timestamper } from '../ports/timestamper.js';
import type { BagWriter } from './bag-writer.js';
import { signerFiles, tokenFiles } from './bag-layout.js';
import { getToken, type NewToken } from './timestamp/get-token.js';

export interface Sealers {
  /** In the order of their numbers; the first one's fingerprint stands in the receipt. At most 9, each key once. */
  readonly signers: readonly Signer[];
  /** Each is asked once for a token over the first signature. At most 9. */
  readonly timestampers: readonly Timestamper[];
  readonly signal: AbortSignal | undefined;
}

export interface TimestampFailure {
  readonly url: string;
  readonly reason: string;
}

export interface AddedSeals {
  readonly tokens: readonly NewToken[];
  /** A seal without a token is better than none: who gave no token is said, and stops nothing. */
  readonly failures: readonly TimestampFailure[];
}

interface SealFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * Signs the tagmanifest with every key, has the first signature stamped, and puts the files of seal/ into the bag, in its order. Throws
 * what a signer throws, and the reason of the signal when it is aborted.
 */
export async function addSeals(bag: BagWriter, tagmanifest: Buffer, sealers: Sealers): Promise<AddedSeals> {
  const files: SealFile[] = [];
  for (const [index, signer] of sealers.signers.entries()) {
    const [signaturePath, keyPath] = signerFiles(index + 1);
    const signature = Buffer.from(await signer.sign(tagmanifest, SEAL_NAMESPACE), 'latin1');
    files.push(
      { path: signaturePath, bytes: signature },
      { path: keyPath, bytes: Buffer.from(`${signer.publicKey}\n`) },
    );
  }
  const stamped = await stamp(files[0]?.bytes ?? Buffer.alloc(0), sealers);
  for (const [index, { query, reply, chain }] of stamped.tokens.entries()) {
    const [queryPath, replyPath, chainPath] = tokenFiles(index + 1);
    files.push({ path: queryPath, bytes: query }, { path: replyPath, bytes: reply });
    files.push({ path: chainPath, bytes: Buffer.from(chain, 'latin1') });
  }
  for (const { path, bytes } of files.sort((a, b) => (a.path < b.path ? -1 : 1))) await bag.addSeal(path, bytes);
  return stamped;
}

function interrupted({ reason }: AbortSignal): ExhibitError {
  return reason instanceof ExhibitError ? reason : new ExhibitError('INTERRUPTED', 'the seal was interrupted');
}

async function stamp(signature: Buffer, { timestampers, signal }: Sealers): Promise<AddedSeals> {
  const tokens: NewToken[] = [];
  const failures: TimestampFailure[] = [];
  for (const timestamper of timestampers) {
    try {
      tokens.push(await getToken(timestamper, signature, signal));
    } catch (error) {
      if (signal?.aborted === true) throw interrupted(signal);
      if (!(error instanceof ExhibitError) || error.code !== 'TIMESTAMP_FAILED') throw error;
      failures.push({ url: timestamper.url, reason: error.message });
    }
  }
  return { tokens, failures };
}
