import { areSame } from '../../../lib/bytes.js';
import { USAGE } from '../../../lib/time-stamp/certificate-extensions.js';
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

const isSelfIssued = ({ issuer, subject }: Certificate): boolean => areSame(issuer, subject);

/** What keeps a certificate out of any chain at that time; `null` = nothing. */
function problemOf({ extensions, notBeforeMs, notAfterMs, name, key }: Certificate, atMs: number): string | null {
  if (atMs < notBeforeMs || atMs > notAfterMs) return `the certificate ${name} was not valid at that time`;
  if (extensions.unknownCritical !== null)
    return `the certificate ${name} has a critical extension that is not known (${extensions.unknownCritical})`;
  if (extensions.limitsNames) return `the certificate ${name} limits names, which is not supported`;
  return weaknessOf(key) === null ? null : `the certificate ${name} has a key that is too weak`;
}

/** What keeps a certificate from having issued another, with that many authorities in between; `null` = nothing. */
function authorityProblem({ extensions, name }: Certificate, below: number, isAnchor: boolean): string | null {
  const { isAuthority, keyUsage, pathLength, extendedKeyUsage } = extensions;
  // Roots of the nineties have no extensions at all; whoever lists one vouches for it.
  const isOldRoot = isAnchor && keyUsage === null && extendedKeyUsage === null && pathLength === null;
  if (!isAuthority && !isOldRoot) return `the certificate ${name} is no authority`;
  if (keyUsage !== null && !keyUsage.has(USAGE.keyCertSign))
    return `the certificate ${name} must not sign certificates`;
  if (pathLength !== null && below > pathLength) return `the certificate ${name} allows no chain of that length`;
  return null;
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
