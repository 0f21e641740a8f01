import { areSame } from '../../../lib/bytes.js';
import { authorityProblem, isSelfIssued, problemAt } from '../../../lib/time-stamp/certificate-rules.js';
import type { Certificate } from './certificate.js';
import { weaknessOf } from './public-key.js';
import { schemeOf } from '../../../lib/time-stamp/signature-scheme.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';
import { verifySignature } from './verify-signature.js';

export interface ChainOptions {
  /** Certificates that come with the evidence: they connect, they never vouch. */
  readonly intermediates: readonly Certificate[];
  /** From outside. Those that no key but their own signed end a chain; the others only connect. */
  readonly anchors: readonly Certificate[];
  readonly atMs: number;
}

const MAX_DEPTH = 8;
const MAX_SIGNATURES = 200;

/** What keeps a certificate out of any chain at that time; `null` = nothing. */
function problemOf(certificate: Certificate, atMs: number): string | null {
  const problem = problemAt(certificate, atMs);
  if (problem !== null) return problem;
  return weaknessOf(certificate.key) === null ? null : `the certificate ${certificate.name} has a key that is too weak`;
}

async function isSignedBy({ signed }: Certificate, issuer: Certificate): Promise<boolean> {
  if (signed === null) return false;
  try {
    const scheme = schemeOf(signed.algorithm);
    if (scheme.hash === null) return false;
    return await verifySignature({ scheme, hash: scheme.hash, key: issuer.key }, signed.body, signed.signature);
  } catch (error) {
    if (error instanceof TokenProblem) return false;
    throw error;
  }
}

class ChainSearch {
  readonly #options: ChainOptions;
  readonly #connecting: readonly Certificate[];
  #signatures = 0;
  #why = 'its certificate leads to none of the roots that were given';

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#connecting = [...options.anchors, ...options.intermediates];
  }

  async run(certificate: Certificate): Promise<string | null> {
    return (await this.#leads(certificate, [])) ? null : this.#why;
  }

  async #leads(certificate: Certificate, below: readonly Certificate[]): Promise<boolean> {
    const { anchors, atMs } = this.#options;
    const isEnd = isSelfIssued(certificate) && anchors.some(({ bytes }) => areSame(bytes, certificate.bytes));
    const authorities = below.slice(1).filter((one) => !isSelfIssued(one)).length;
    const problem =
      problemOf(certificate, atMs) ?? (below.length === 0 ? null : authorityProblem(certificate, authorities, isEnd));
    if (problem !== null) {
      this.#why = problem;
      return false;
    }
    if (isEnd) return true;
    return below.length < MAX_DEPTH && (await this.#goOn(certificate, [...below, certificate]));
  }

  async #goOn(certificate: Certificate, path: readonly Certificate[]): Promise<boolean> {
    for (const candidate of this.#connecting) {
      if (!areSame(candidate.subject, certificate.issuer) || path.includes(candidate)) continue;
      this.#signatures += 1;
      if (this.#signatures > MAX_SIGNATURES) return false;
      if ((await isSignedBy(certificate, candidate)) && (await this.#leads(candidate, path))) return true;
    }
    return false;
  }
}

/**
 * Whether a certificate leads to one of the roots at that time, by RFC 5280 without policies, limits of names and revocation, none of
 * which can be judged offline years later. `null` = it does; otherwise why not. Bounded in depth and in signatures tried. Throws
 * `CannotCheck`.
 */
export async function whyNoChain(certificate: Certificate, options: ChainOptions): Promise<string | null> {
  return await new ChainSearch(options).run(certificate);
}
