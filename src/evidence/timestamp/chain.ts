import { areSame } from '../../lib/bytes.js';
import { authorityProblem, isSelfIssued, problemAt } from '../../lib/time-stamp/certificate-rules.js';
import type { Certificate } from './certificate.js';
import { assertStrong } from './signature-algorithm.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';

export interface ChainOptions {
  /** Certificates that come with the evidence: they connect, they never vouch. */
  readonly intermediates: readonly Certificate[];
  /** From outside. Those that no key but their own signed end a chain; the others only connect. */
  readonly anchors: readonly Certificate[];
  /** Every anchor ends a chain, whoever signed it. */
  readonly isPartialEnough?: boolean;
  readonly atMs: number;
}

const MAX_DEPTH = 8;
const MAX_SIGNATURES = 200;

function isStrong({ key }: Certificate): boolean {
  try {
    assertStrong(key);
    return true;
  } catch (error) {
    if (error instanceof TokenProblem) return false;
    throw error;
  }
}

/** What keeps a certificate out of any chain at that time; `null` = nothing. */
function problemOf(certificate: Certificate, atMs: number): string | null {
  const problem = problemAt(certificate, atMs);
  if (problem !== null) return problem;
  return isStrong(certificate) ? null : `the certificate ${certificate.name} has a key that is too weak`;
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

  run(certificate: Certificate): string | null {
    return this.#leads(certificate, []) ? null : this.#why;
  }

  #isEnd(certificate: Certificate): boolean {
    const { anchors, isPartialEnough } = this.#options;
    if (isPartialEnough !== true && !isSelfIssued(certificate)) return false;
    return anchors.some(({ bytes }) => areSame(bytes, certificate.bytes));
  }

  #leads(certificate: Certificate, below: readonly Certificate[]): boolean {
    const isEnd = this.#isEnd(certificate);
    const authorities = below.slice(1).filter((one) => !isSelfIssued(one)).length;
    const problem =
      problemOf(certificate, this.#options.atMs) ??
      (below.length === 0 ? null : authorityProblem(certificate, authorities, isEnd));
    if (problem !== null) {
      this.#why = problem;
      return false;
    }
    if (isEnd) return true;
    if (below.length >= MAX_DEPTH) return false;
    const path = [...below, certificate];
    return this.#issuersOf(certificate, path).some((issuer) => this.#leads(issuer, path));
  }

  #issuersOf(certificate: Certificate, path: readonly Certificate[]): Certificate[] {
    return this.#connecting.filter((candidate) => {
      if (!areSame(candidate.subject, certificate.issuer) || path.includes(candidate)) return false;
      this.#signatures += 1;
      return this.#signatures <= MAX_SIGNATURES && certificate.isSignedBy(candidate);
    });
  }
}

/**
 * Whether a certificate leads to one of the roots at that time, by RFC 5280 without policies, limits of names and revocation, none of
 * which can be judged offline years later. `null` = it does; otherwise why not. Bounded in depth and in signatures tried.
 */
export function whyNoChain(certificate: Certificate, options: ChainOptions): string | null {
  return new ChainSearch(options).run(certificate);
}
