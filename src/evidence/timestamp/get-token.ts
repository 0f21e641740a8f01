import { hash } from 'node:crypto';
import { toRfc3339 } from '../../lib/clock.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { ExhibitError } from '../../model/errors.js';
import type { Timestamper } from '../../ports/timestamper.js';
import { checkToken } from './check-token.js';
import { renderPem } from './pem.js';
import { newNonce, renderRequest } from './request.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';

/** A token as it is stored: request, answer in our envelope, and the certificates that came with it. */
export interface StoredToken {
  readonly query: Buffer;
  readonly reply: Buffer;
  /** PEM, the signing certificate first. */
  readonly chain: string;
}

export interface NewToken extends StoredToken {
  readonly url: string;
  readonly genTime: string;
  /** As its certificate says; escaped. */
  readonly authority: string;
  readonly tsrSha256: string;
}

/**
 * Asks one authority for a token over the bytes, of which it learns only the SHA-256, and accepts nothing but a token over exactly these
 * bytes that answers exactly this request. Throws `TIMESTAMP_FAILED`.
 */
export async function getToken(timestamper: Timestamper, stamped: Uint8Array, signal?: AbortSignal): Promise<NewToken> {
  const query = renderRequest(hash('sha256', stamped, 'buffer'), newNonce());
  const answer = await timestamper.stamp(query, signal);
  try {
    const { canonicalReply: reply, certificate, others, genTimeMs } = checkToken({ stamped, query, reply: answer });
    return {
      url: timestamper.url,
      query,
      reply,
      chain: renderPem([certificate, ...others]),
      genTime: toRfc3339(genTimeMs),
      authority: escapeForTerminal(certificate.name, 200),
      tsrSha256: hash('sha256', reply, 'hex'),
    };
  } catch (error) {
    if (!(error instanceof TokenProblem)) throw error;
    throw new ExhibitError(
      'TIMESTAMP_FAILED',
      `the answer of the time-stamping authority is not accepted: ${escapeForTerminal(error.message, 300)}`,
      { subject: timestamper.url },
    );
  }
}
