import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import type { CustodyEntry } from '../../model/custody-entry.js';
import { fromHex, hexOf, joined, type Bytes } from '../../lib/bytes.js';
import type { TableBudget } from './entry-table.js';
import type { Findings } from './findings.js';
import type { TagConsumer } from './record-lines.js';
import type { Certificate } from './time/certificate.js';
import { whyNoChain } from './time/chain.js';
import { checkToken, type CheckedToken } from './time/check-token.js';
import { MAX_REPLY_BYTES, readReply } from '../../lib/time-stamp/token.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';
import { CannotCheck } from './time/web-crypto.js';
import { NO_ROOTS, type PageToken } from './time-check.js';

const TOKEN = /^custody\/(open|hb-\d{4})\.ts([qr])$/;
/** A heartbeat has a dozen numbers. */
const MAX_HEARTBEAT_BYTES = 1024;
const MAX_HEARTBEATS = 9999;
/** Between an entry and the time of its token lie a request and its repetitions. */
const TOLERANCE_MS = 300_000;
/** Searches for chains that an archive may cost its reader: a week of heartbeats. */
const MAX_SEARCHES = 1000;

/** A custody entry that a token may be over. */
interface StampedLine {
  readonly sha256: string;
  readonly atMs: number | null;
  /** One token a line: a second one over it proves nothing more. */
  isTaken: boolean;
}

interface Pair {
  readonly path: string;
  readonly name: string;
  readonly query: Bytes;
  readonly reply: Bytes;
}

export interface CustodyRoots {
  /** `null` = none were given. */
  readonly roots: readonly Certificate[] | null;
  /** They came with the tokens over the signature, and connect those over the log, too. */
  readonly intermediates: readonly Certificate[];
}

/**
 * The tokens below custody/: `open` is over the raw first line of the acquisition log, each `hb-NNNN` over the raw line of a heartbeat.
 * They are kept while the archive passes by, and checked when all of it has. One that does not fit was put there.
 */
export class CustodyTokens {
  readonly #findings: Findings;
  readonly #budget: TableBudget;
  readonly #heartbeats = new Map<string, StampedLine>();
  readonly #pairs: Pair[] = [];
  #first: StampedLine | null = null;
  #query: { readonly name: string; readonly bytes: Bytes } | null = null;
  #searches = 0;

  constructor(findings: Findings, budget: TableBudget) {
    this.#findings = findings;
    this.#budget = budget;
  }

  /** Each entry of the acquisition log; of its raw line with the LF, SHA-256 and size. */
  line(entry: CustodyEntry, sha256: string, sizeBytes: number): void {
    const isHeartbeat = entry.event === 'heartbeat' && sizeBytes <= MAX_HEARTBEAT_BYTES;
    if (this.#first !== null && !(isHeartbeat && this.#heartbeats.size < MAX_HEARTBEATS)) return;
    const line = { sha256, atMs: parseInstant(entry.at), isTaken: false };
    if (this.#first === null) this.#first = line;
    else this.#heartbeats.set(sha256, line);
  }

  /** For a file below custody/ that is a query or a reply; `null` for any other. Throws `TooMuchForThisPage`. */
  consumerOf(path: string): TagConsumer | null {
    const [, name, kind] = TOKEN.exec(path) ?? [];
    if (name === undefined) return null;
    const pieces: Uint8Array[] = [];
    let sizeBytes = 0;
    return {
      write: (bytes) => {
        sizeBytes += bytes.length;
        if (sizeBytes <= MAX_REPLY_BYTES) pieces.push(bytes.slice());
      },
      end: () => {
        if (sizeBytes > MAX_REPLY_BYTES) this.#bad(path, `more than ${String(MAX_REPLY_BYTES)} bytes`);
        else this.#keep({ path, name, isQuery: kind === 'q' }, joined(pieces));
      },
    };
  }

  /** After the last file: whether each is what it must be, whose it is, and where its time contradicts the log's. */
  async conclude(roots: CustodyRoots): Promise<PageToken[]> {
    const tokens: PageToken[] = [];
    for (const pair of this.#pairs) {
      const token = await this.#check(pair, roots);
      if (token !== null) tokens.push(token);
    }
    return tokens;
  }

  #keep({ path, name, isQuery }: { path: string; name: string; isQuery: boolean }, bytes: Bytes): void {
    this.#budget.spend(bytes.length);
    if (isQuery) this.#query = { name, bytes };
    // A query without a reply, and the reverse, are findings of the closed set of files.
    else if (this.#query?.name === name) this.#pairs.push({ path, name, query: this.#query.bytes, reply: bytes });
  }

  async #check(pair: Pair, roots: CustodyRoots): Promise<PageToken | null> {
    const { path, name, query, reply } = pair;
    const line = name === 'open' ? this.#first : this.#heartbeatOf(reply);
    if (line === null) {
      this.#bad(path, name === 'open' ? 'no entry that it could be over' : 'a token over none of the heartbeats');
      return null;
    }
    try {
      const checked = await checkToken({ imprint: fromHex(line.sha256), query, reply });
      return await this.#accept(path, { line, checked, roots });
    } catch (error) {
      if (error instanceof TokenProblem) this.#bad(path, error.message);
      else if (error instanceof CannotCheck)
        return { path, genTime: null, authority: null, result: 'skipped', why: error.message };
      else throw error;
      return null;
    }
  }

  /** By what the token says that it is over, which is checked afterwards. */
  #heartbeatOf(reply: Bytes): StampedLine | null {
    try {
      const { imprint } = readReply(reply).info;
      const hex = hexOf(imprint);
      return this.#heartbeats.get(hex) ?? null;
    } catch (error) {
      if (error instanceof TokenProblem) return null;
      throw error;
    }
  }

  async #accept(
    path: string,
    { line, checked, roots }: { line: StampedLine; checked: CheckedToken; roots: CustodyRoots },
  ): Promise<PageToken | null> {
    if (line.isTaken || !checked.isCanonical) {
      this.#bad(path, line.isTaken ? 'a second token over the same line' : 'one that is not in the form of exhibit/1');
      return null;
    }
    line.isTaken = true;
    const why = await this.#whyNot(checked, roots);
    const result = why === null ? 'passed' : roots.roots === null ? 'skipped' : 'failed';
    const told = [why, contradiction(line, checked)].filter((text) => text !== null).join('; ');
    return { path, genTime: toRfc3339(checked.genTimeMs), authority: checked.certificate.name, result, why: told };
  }

  async #whyNot(
    { certificate, genTimeMs }: CheckedToken,
    { roots, intermediates }: CustodyRoots,
  ): Promise<string | null> {
    if (roots === null) return NO_ROOTS;
    this.#searches += 1;
    if (this.#searches > MAX_SEARCHES) return 'not looked at: the archive has too many tokens over its custody log';
    return await whyNoChain(certificate, { intermediates, anchors: roots, atMs: genTimeMs });
  }

  #bad(path: string, found: string): void {
    const expected = path.startsWith('custody/open')
      ? 'a token over the first line of the custody log'
      : 'a token over a heartbeat of the custody log';
    this.#findings.add('time', { path, expected, found });
  }
}

/** Where one of two clocks was wrong; `null` = they agree. */
function contradiction({ atMs }: StampedLine, { genTimeMs, accuracyMs }: CheckedToken): string | null {
  if (atMs === null || Math.abs(genTimeMs - atMs) - (accuracyMs ?? 0) <= TOLERANCE_MS) return null;
  return `ALARM: the custody log says ${toRfc3339(atMs)} there, one of the two clocks was wrong`;
}
