import { MAX_CUSTODY_DATA_TEXT, type CustodyExhibit, type CustodyRecord } from '../model/post-seal-custody.js';
import { readRetimestamps } from './post-seal/retimestamps.js';
import type { StoredToken } from './timestamp/get-token.js';
import type { LaterToken } from './verify/time-check.js';

/** Base64 that fits holds so many bytes. */
const MAX_CHAIN_BYTES = (MAX_CUSTODY_DATA_TEXT / 4) * 3;

/**
 * Under which names a `retimestamp` event holds a token, each in base64: request, answer, certificates in PEM. Of the certificates, the one
 * that signed always stays; of the further ones, those at the end go that do not fit, and a reader takes them from its list of roots.
 */
export function tokenData({ query, reply, chain }: StoredToken): Record<'tsq' | 'tsr' | 'pem', string> {
  return {
    tsq: query.toString('base64'),
    tsr: reply.toString('base64'),
    pem: Buffer.from(chainThatFits(chain), 'latin1').toString('base64'),
  };
}

function chainThatFits(chain: string): string {
  if (chain.length <= MAX_CHAIN_BYTES) return chain;
  const [signing = '', ...others] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  let kept = signing;
  for (const other of others) {
    if (kept.length + other.length > MAX_CHAIN_BYTES) break;
    kept += other;
  }
  return kept;
}

function bytesAt(data: CustodyRecord['data'], key: string): Buffer {
  const value = data[key];
  return Buffer.from(typeof value === 'string' ? value : '', 'base64');
}

/**
 * The tokens in the custody folder beside an archive, oldest first, of the events up to the first break of the record. None is checked
 * here. Throws `STORAGE_*` for a folder that cannot be read.
 */
export async function readLaterTokens(options: {
  readonly archivePath: string;
  readonly exhibit: CustodyExhibit;
  readonly nowMs: number;
}): Promise<LaterToken[]> {
  const { archivePath, exhibit, nowMs } = options;
  // A token is proof by itself, whoever fetched it: nobody need be trusted for the event around it.
  const { retimestamps } = await readRetimestamps({ archivePath, exhibit, trust: { list: null, atMs: nowMs } });
  return retimestamps.map(({ path, data }) => ({
    path,
    query: bytesAt(data, 'tsq'),
    reply: bytesAt(data, 'tsr'),
    chain: bytesAt(data, 'pem').toString('latin1'),
  }));
}
