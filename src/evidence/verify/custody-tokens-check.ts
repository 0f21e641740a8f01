import { hash } from 'node:crypto';
import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { CustodyEntry } from '../../model/custody-entry.js';
import type { TimestampReport } from '../../model/verdict.js';
import { MAX_SIGNERS, tokenFiles } from '../bag-layout.js';
import { type Certificate, readCertificate } from '../timestamp/certificate.js';
import { whyNoChain } from '../timestamp/chain.js';
import { checkToken, type CheckedToken } from '../timestamp/check-token.js';
import { readPem } from '../timestamp/pem.js';
import { hexOf } from '../../lib/bytes.js';
import { MAX_REPLY_BYTES, readReply } from '../../lib/time-stamp/token.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';
import type { Findings } from './findings.js';
import type { TagConsumer } from './record-lines.js';
import type { TagFiles } from './tag-files.js';
import type { TsaRoots } from './time-check.js';

const TOKEN = /^custody\/(open|hb-\d{4})\.ts([qr])$/;
/** A heartbeat has a dozen numbers. */
const MAX_HEARTBEAT_BYTES = 1024;
const MAX_HEARTBEATS = 9999;
/** Between an entry and the time of its token lie a request and its repetitions. */
const TOLERANCE_MS = 300_000;

/** A custody entry that a token may be over. */
interface StampedLine {
  readonly raw: Buffer;
  readonly atMs: number | null;
  /** One token a line: a second one over it proves nothing more. */
  isTaken: boolean;
}

/** What is kept of a token that fits: its certificates are judged when all roots and chains are there. */
interface FittingToken {
  readonly path: string;
  readonly sha256: string;
  readonly genTimeMs: number;
  readonly accuracyMs: number | null;
  readonly certificate: Certificate;
}

export interface CustodyTime {
  readonly timestamps: readonly TimestampReport[];
  readonly alarms: readonly string[];
}

/** The certificates that came with the tokens over the signature; they connect those over the log, too. PEM. */
export function tokenChains(files: TagFiles): readonly string[] {
  return Array.from({ length: MAX_SIGNERS }, (_, index) => files.held(tokenFiles(index + 1)[2]))
    .filter((chain) => chain !== null)
    .map((chain) => chain.toString('latin1'));
}

/** Searches for chains that an archive may cost its reader: a week of heartbeats. */
const MAX_SEARCHES = 1000;

/** Why a token is not one of those whom the reader trusts; `null` when it is. Bounded, whatever the number of tokens. */
function judgeOf(roots: TsaRoots | null, chains: readonly string[]): (token: FittingToken) => string | null {
  if (roots === null) return () => 'whose token it is was not checked: no --tsa-ca';
  const options = {
    intermediates: chains.flatMap((chain) => readPem(chain).certificates),
    anchors: readPem(roots.text).certificates,
    ...(roots.isPartialEnough === undefined ? {} : { isPartialEnough: roots.isPartialEnough }),
  };
  let searches = 0;
  return ({ certificate, genTimeMs }) => {
    searches += 1;
    return searches > MAX_SEARCHES
      ? 'not looked at: the archive has too many tokens over its custody log'
      : whyNoChain(certificate, { ...options, atMs: genTimeMs });
  };
}

/**
 * The tokens below custody/: `open` is over the raw first line of the acquisition log, each `hb-NNNN` over the raw line of a heartbeat.
 * They stand between the log and the payload, so the lines have passed by when a token comes. One that does not fit was put there.
 */
export class CustodyTokensCheck {
  readonly #findings: Findings;
  readonly #heartbeats = new Map<string, StampedLine>();
  readonly #fitting: FittingToken[] = [];
  readonly #certificates = new Map<string, Certificate>();
  readonly #alarms: string[] = [];
  #first: StampedLine | null = null;
  #query: { readonly name: string; readonly bytes: Buffer } | null = null;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Each entry of the acquisition log, `raw` with its LF and valid during the call. */
  line(entry: CustodyEntry, raw: Buffer): void {
    const isHeartbeat = entry.event === 'heartbeat' && raw.length <= MAX_HEARTBEAT_BYTES;
    if (this.#first !== null && !(isHeartbeat && this.#heartbeats.size < MAX_HEARTBEATS)) return;
    const line = { raw: Buffer.from(raw), atMs: parseInstant(entry.at) ?? null, isTaken: false };
    if (this.#first === null) this.#first = line;
    else this.#heartbeats.set(hash('sha256', raw, 'hex'), line);
  }

  /** For a file below custody/ that is a query or a reply; `null` for any other. */
  consumerOf(path: string): TagConsumer | null {
    const [, name, kind] = TOKEN.exec(path) ?? [];
    if (name === undefined) return null;
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    return {
      write: (bytes) => {
        sizeBytes += bytes.length;
        if (sizeBytes <= MAX_REPLY_BYTES) pieces.push(Buffer.from(bytes));
      },
      end: () => {
        if (sizeBytes > MAX_REPLY_BYTES) this.#bad(path, `more than ${String(MAX_REPLY_BYTES)} bytes`);
        else if (kind === 'q') this.#query = { name, bytes: Buffer.concat(pieces) };
        else this.#check(path, name, Buffer.concat(pieces));
      },
    };
  }

  /** After the last file: whose tokens they are, and where their times contradict the log's. `chains`: PEM that came with the archive. */
  conclude(roots: TsaRoots | null, chains: readonly string[]): CustodyTime {
    const judge = judgeOf(roots, chains);
    const timestamps = this.#fitting.map((token): TimestampReport => {
      const why = judge(token);
      return {
        path: token.path,
        result: why === null ? 'passed' : roots === null ? 'skipped' : 'failed',
        detail: escapeForTerminal(why ?? '', 300),
        genTime: toRfc3339(token.genTimeMs),
        accuracyMs: token.accuracyMs,
        authority: escapeForTerminal(token.certificate.name, 200),
        sha256: token.sha256,
      };
    });
    return { timestamps, alarms: this.#alarms };
  }

  #check(path: string, name: string, reply: Buffer): void {
    // A query without a reply, and the reverse, are findings of the closed set of files.
    if (this.#query?.name !== name) return;
    const line = name === 'open' ? this.#first : this.#heartbeatOf(reply);
    if (line === null) {
      this.#bad(path, name === 'open' ? 'no entry that it could be over' : 'a token over none of the heartbeats');
      return;
    }
    const checked = this.#checked(line.raw, this.#query.bytes, reply);
    if (typeof checked === 'string') this.#bad(path, checked);
    else this.#accept(path, { checked, line, reply });
  }

  /** By what the token says that it is over, which is checked afterwards. */
  #heartbeatOf(reply: Buffer): StampedLine | null {
    try {
      return this.#heartbeats.get(hexOf(readReply(reply).info.imprint)) ?? null;
    } catch (error) {
      if (error instanceof TokenProblem) return null;
      throw error;
    }
  }

  #checked(stamped: Buffer, query: Buffer, reply: Buffer): CheckedToken | string {
    try {
      return checkToken({ stamped, query, reply });
    } catch (error) {
      if (error instanceof TokenProblem) return error.message;
      throw error;
    }
  }

  #accept(
    path: string,
    { checked, line, reply }: { readonly checked: CheckedToken; readonly line: StampedLine; readonly reply: Buffer },
  ): void {
    const { genTimeMs, accuracyMs, certificate, canonicalReply } = checked;
    if (line.isTaken || !canonicalReply.equals(reply)) {
      this.#bad(path, line.isTaken ? 'a second token over the same line' : 'one that is not in the form of exhibit/1');
      return;
    }
    line.isTaken = true;
    this.#fitting.push({
      path,
      sha256: hash('sha256', reply, 'hex'),
      genTimeMs,
      accuracyMs,
      certificate: this.#shared(certificate),
    });
    const differenceMs = line.atMs === null ? 0 : Math.abs(genTimeMs - line.atMs) - (accuracyMs ?? 0);
    if (differenceMs <= TOLERANCE_MS) return;
    const [said, stamped] = [toRfc3339(line.atMs ?? 0), toRfc3339(genTimeMs)];
    this.#alarms.push(`the custody log says ${said} where ${path} says ${stamped}: one of the two clocks was wrong`);
  }

  /** All tokens of an authority hold the same certificate: one is kept of it, and none of the bytes around it. */
  #shared(certificate: Certificate): Certificate {
    const sha256 = hash('sha256', certificate.bytes, 'hex');
    const known = this.#certificates.get(sha256);
    if (known !== undefined) return known;
    const own = readCertificate(Buffer.from(certificate.bytes));
    this.#certificates.set(sha256, own);
    return own;
  }

  #bad(path: string, found: string): void {
    const expected = path.startsWith('custody/open')
      ? 'a token over the first line of the custody log'
      : 'a token over a heartbeat of the custody log';
    this.#findings.add('time', { path, expected, found });
  }
}
