import { toRfc3339 } from '../../lib/clock.js';
import { MAX_SIGNERS, signerFiles, tokenFiles } from './bag-layout.js';
import { textOf, type Bytes } from '../../lib/bytes.js';
import type { Findings } from './findings.js';
import { Sha256 } from './sha256.js';
import type { TagFiles } from './tag-files.js';
import type { Certificate } from './time/certificate.js';
import { whyNoChain } from './time/chain.js';
import { checkToken, type CheckedToken } from './time/check-token.js';
import { readPem } from './time/pem.js';
import { readReply } from '../../lib/time-stamp/token.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';
import { CannotCheck } from './time/web-crypto.js';

export interface PageToken {
  readonly path: string;
  /** RFC 3339 UTC; `null` when the token was not accepted. */
  readonly genTime: string | null;
  /** As its certificate says: hostile text. `null` when the token was not accepted, or could not be checked. */
  readonly authority: string | null;
  /** `skipped`: its signature is good, or could not be checked here, and nobody said whose tokens are to be believed. */
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it did not pass; may quote the token. */
  readonly why: string;
}

export interface TimeCheckOptions {
  readonly files: TagFiles;
  readonly findings: Findings;
  /** Roots of time-stamping authorities from outside the archive; `null` = none were given. */
  readonly roots: readonly Certificate[] | null;
}

interface Candidate {
  readonly path: string;
  readonly imprint: Bytes;
  readonly query: Bytes;
  readonly reply: Bytes;
  readonly chain: Bytes;
}

/** Of a token that fits. */
export const NO_ROOTS = 'an authority claims this time that was not checked against a list of yours';

const blank = { genTime: null, authority: null };

/** Checks every token over the first signature at its own time, as the program does. One that does not fit was put there by somebody. */
export async function checkTime(options: TimeCheckOptions): Promise<PageToken[]> {
  const signature = options.files.held(signerFiles(1)[0]);
  const tokens: PageToken[] = [];
  if (signature === null) return tokens;
  const imprint = new Sha256().update(signature).digest();
  for (let number = 1; number <= MAX_SIGNERS; number += 1) {
    const [queryPath, path, chainPath] = tokenFiles(number);
    const [query, reply, chain] = [queryPath, path, chainPath].map((each) => options.files.held(each) ?? undefined);
    // Some of the three without the others is a finding of the closed set of files.
    if (query !== undefined && reply !== undefined && chain !== undefined)
      tokens.push(await judge({ path, imprint, query, reply, chain }, options));
  }
  return tokens;
}

async function judge(candidate: Candidate, options: TimeCheckOptions): Promise<PageToken> {
  const { path } = candidate;
  const bad = (found: string): PageToken => {
    options.findings.add('time', { path, expected: `a token over ${signerFiles(1)[0]}`, found });
    return { path, ...blank, result: 'failed', why: found };
  };
  try {
    const checked = await checkToken(candidate);
    if (!checked.isCanonical) bad('one that is not in the form of exhibit/1');
    return { path, ...saysOf(checked), ...(await vouched(checked, candidate, options)) };
  } catch (error) {
    if (error instanceof CannotCheck) return { path, ...claimOf(candidate), result: 'skipped', why: error.message };
    if (error instanceof TokenProblem) return bad(error.message);
    throw error;
  }
}

function saysOf({ genTimeMs, certificate }: CheckedToken): Pick<PageToken, 'genTime' | 'authority'> {
  return { genTime: toRfc3339(genTimeMs), authority: certificate.name };
}

/** What a token says whose signature this browser cannot check. */
function claimOf({ reply }: Candidate): Pick<PageToken, 'genTime' | 'authority'> {
  return { genTime: toRfc3339(readReply(reply).info.genTimeMs), authority: null };
}

async function vouched(
  { certificate, others, genTimeMs }: CheckedToken,
  { chain }: Candidate,
  { roots }: TimeCheckOptions,
): Promise<Pick<PageToken, 'result' | 'why'>> {
  if (roots === null) return { result: 'skipped', why: NO_ROOTS };
  const intermediates = [...others, ...readPem(textOf(chain))];
  const why = await whyNoChain(certificate, { intermediates, anchors: roots, atMs: genTimeMs });
  return why === null ? { result: 'passed', why: '' } : { result: 'failed', why };
}

/** The certificates that came with the tokens over the signature. */
export function tokenChains(files: TagFiles): readonly Certificate[] {
  const numbers = Array.from({ length: MAX_SIGNERS }, (_, index) => index + 1);
  return numbers.flatMap((number) => readPem(files.heldText(tokenFiles(number)[2]) ?? ''));
}

/** The token that proves the most: the earliest that passed. */
export function provenBy(tokens: readonly PageToken[]): PageToken | null {
  const passed = tokens.filter(({ result }) => result === 'passed');
  return passed.sort((a, b) => ((a.genTime ?? '') < (b.genTime ?? '') ? -1 : 1))[0] ?? null;
}
