import { createHash } from 'node:crypto';
import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { TimestampReport } from '../../model/verdict.js';
import { MAX_SIGNERS, signerFiles, tokenFiles } from '../bag-layout.js';
import type { Certificate } from '../timestamp/certificate.js';
import { whyNoChain } from '../timestamp/chain.js';
import { checkToken, type CheckedToken } from '../timestamp/check-token.js';
import { readPem } from '../timestamp/pem.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';
import type { Findings } from './findings.js';
import type { TagFiles } from './tag-files.js';

/** A time without its accuracy may be one of whole seconds. */
const WITHOUT_ACCURACY_MS = 1000;

/** Roots of time-stamping authorities, from outside the archive. */
export interface TsaRoots {
  /** For people: where they come from. */
  readonly source: string;
  /** PEM. */
  readonly text: string;
  /** Any of them ends a chain, also one that another authority signed. */
  readonly isPartialEnough?: boolean;
}

/** A token that was got after the seal; it stands outside the archive. */
export interface LaterToken {
  /** Of the custody event that holds it. */
  readonly path: string;
  readonly query: Buffer;
  readonly reply: Buffer;
  /** PEM. */
  readonly chain: string;
}

export interface TimeCheckOptions {
  readonly files: Pick<TagFiles, 'held'>;
  readonly findings: Findings;
  readonly roots: TsaRoots | null;
  readonly laterTokens: readonly LaterToken[];
}

export interface CheckedTime {
  readonly timestamps: readonly TimestampReport[];
  /** What `provenBy` says; `null` when no token passed. Epoch milliseconds. */
  readonly provenMs: number | null;
  /** What the next token is to be over: the first signature and every token so far, one after the other. */
  readonly toStamp: Buffer;
}

interface Candidate extends LaterToken {
  readonly stamped: Buffer;
}

class TimeCheck {
  readonly #options: TimeCheckOptions;
  readonly #anchors: readonly Certificate[];
  readonly #timestamps: TimestampReport[] = [];
  readonly #passed: (Pick<CheckedToken, 'genTimeMs' | 'accuracyMs'> & { readonly path: string })[] = [];

  constructor(options: TimeCheckOptions) {
    this.#options = options;
    this.#anchors = options.roots === null ? [] : readPem(options.roots.text).certificates;
  }

  run(): CheckedTime {
    const { files, laterTokens } = this.#options;
    const signature = files.held(signerFiles(1)[0]);
    if (signature === null) return { timestamps: [], provenMs: null, toStamp: Buffer.alloc(0) };
    const earlier = [signature];
    for (let number = 1; number <= MAX_SIGNERS; number += 1) {
      const [queryPath, path, chainPath] = tokenFiles(number);
      const [query, reply, chain] = [files.held(queryPath), files.held(path), files.held(chainPath)];
      if (query === null || reply === null || chain === null) continue;
      this.#inArchive({ path, query, reply, chain: chain.toString('latin1'), stamped: signature });
      earlier.push(reply);
    }
    for (const later of laterTokens) {
      // Each token got later covers the signature and every token before it: see docs/time.md.
      this.#gotLater({ ...later, stamped: Buffer.concat(earlier) });
      earlier.push(later.reply);
    }
    const provenMs = parseInstant(provenBy(this.#timestamps)?.genTime ?? '');
    return { timestamps: this.#timestamps, provenMs, toStamp: Buffer.concat(earlier) };
  }

  /** One that does not fit is no token of this archive: somebody put it there. */
  #inArchive(candidate: Candidate): void {
    const checked = this.#checked(candidate);
    const { path, reply } = candidate;
    const expected = `a token over ${signerFiles(1)[0]}`;
    if (typeof checked === 'string') {
      this.#options.findings.add('time', { path, expected, found: checked });
      this.#report(candidate, null, checked);
      return;
    }
    if (!checked.canonicalReply.equals(reply))
      this.#options.findings.add('time', { path, expected, found: 'one that is not in the form of exhibit/1' });
    this.#judge(candidate, checked);
  }

  /** It stands outside the archive: one that does not fit says nothing about the archive. */
  #gotLater(candidate: Candidate): void {
    const checked = this.#checked(candidate);
    if (typeof checked === 'string') this.#report(candidate, null, checked);
    else this.#judge(candidate, checked, this.#whyTooEarly(checked));
  }

  /** What a token covers was there before it. Only a token that passes can contradict: anybody can make one that says a late time. */
  #whyTooEarly({ genTimeMs, accuracyMs }: CheckedToken): string | null {
    const latestMs = genTimeMs + (accuracyMs ?? WITHOUT_ACCURACY_MS);
    const later = this.#passed.find((token) => token.genTimeMs - (token.accuracyMs ?? WITHOUT_ACCURACY_MS) > latestMs);
    return later === undefined ? null : `it says a time before that of ${later.path}, which it covers`;
  }

  #checked({ stamped, query, reply }: Candidate): CheckedToken | string {
    try {
      return checkToken({ stamped, query, reply });
    } catch (error) {
      if (error instanceof TokenProblem) return error.message;
      throw error;
    }
  }

  #judge(candidate: Candidate, checked: CheckedToken, whyTooEarly: string | null = null): void {
    const { roots } = this.#options;
    if (roots === null) {
      this.#report(candidate, checked, 'whose token it is was not checked: no --tsa-ca');
      return;
    }
    const whyNot = whyNoChain(checked.certificate, {
      intermediates: [...checked.others, ...readPem(candidate.chain).certificates],
      anchors: this.#anchors,
      ...(roots.isPartialEnough === undefined ? {} : { isPartialEnough: roots.isPartialEnough }),
      atMs: checked.genTimeMs,
    });
    const why = whyNot ?? whyTooEarly;
    if (why === null) this.#passed.push({ ...checked, path: candidate.path });
    this.#report(candidate, checked, why ?? '');
  }

  #report({ path, reply }: Candidate, checked: CheckedToken | null, why: string): void {
    const isSkipped = checked !== null && this.#options.roots === null;
    this.#timestamps.push({
      path,
      result: why === '' ? 'passed' : isSkipped ? 'skipped' : 'failed',
      detail: escapeForTerminal(why, 300),
      genTime: checked === null ? null : toRfc3339(checked.genTimeMs),
      accuracyMs: checked?.accuracyMs ?? null,
      authority: checked === null ? null : escapeForTerminal(checked.certificate.name, 200),
      sha256: createHash('sha256').update(reply).digest('hex'),
    });
  }
}

/** Checks every token over the first signature, those of the archive and those that were got later, each at its own time. */
export function checkTime(options: TimeCheckOptions): CheckedTime {
  return new TimeCheck(options).run();
}

/**
 * The token that proves the most: of those in the archive the earliest that passed. Those got later cover what was there before, so that
 * the first that passes counts, and only where none of the archive does.
 */
export function provenBy(timestamps: readonly TimestampReport[]): TimestampReport | null {
  const passed = timestamps.filter(({ result }) => result === 'passed');
  const inArchive = passed.filter(({ path }) => path.startsWith('seal/'));
  if (inArchive.length === 0) return passed[0] ?? null;
  return inArchive.sort((a, b) => ((a.genTime ?? '') < (b.genTime ?? '') ? -1 : 1))[0] ?? null;
}
