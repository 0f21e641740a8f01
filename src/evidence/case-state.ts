import type { z } from 'zod';
import { ChainedLog } from '../custody/chained-log.js';
import type { ChainEntry } from '../custody/read-chain.js';
import { corrupt, readChain } from '../custody/read-chain.js';
import { MAX_TORN_RECORDED_BYTES, releaseTorn } from '../custody/torn-tail.js';
import type { TornTail } from '../custody/torn-tail.js';
import { caseEventSchema } from '../model/case.js';
import type { CaseEvent, EncryptionEvent } from '../model/case.js';
import type { Clock } from '../ports/clock.js';

export type ExhibitState = 'open' | 'sealed' | 'given-up';

/** What is to become of an archive, and how far that has come. */
export interface EncryptionHistory {
  /** `asked`: no encrypted archive is recorded. `encrypted`: it is; the plaintext is there, or half gone. `done`: nothing is left to do. */
  readonly state: 'asked' | 'encrypted' | 'done';
  /** Public keys; empty = a passphrase. */
  readonly recipients: readonly string[];
  readonly keepPlaintext: boolean;
  /** `null` while it is only asked for. */
  readonly encryptedSha256: string | null;
}

/** What case.jsonl says of one exhibit. */
export interface ExhibitHistory {
  readonly exhibitId: string;
  readonly sequence: number;
  readonly state: ExhibitState;
  /** Of the sealed. */
  readonly tagmanifestSha256: string | null;
  readonly containerSha256: string | null;
  /** Of the sealed and the given up. */
  readonly custodyHeadSha256: string | null;
  /** `null` = encryption was never asked for. */
  readonly encryption: EncryptionHistory | null;
}

export interface CaseHistory {
  readonly exhibits: readonly ExhibitHistory[];
  readonly closed: boolean;
}

/** Replays case.jsonl. Refuses a history that cannot have happened: a number used twice, a seal of what was never opened. */
class HistoryReader {
  readonly #path: string;
  readonly exhibits: ExhibitHistory[] = [];
  closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  read(entry: ChainEntry): void {
    const parsed = parseEvent(entry);
    const wrong = parsed.success ? this.#apply(parsed.data) : 'it is no event of a case';
    if (wrong !== null) throw corrupt(this.#path, entry.seq, wrong);
  }

  #apply(event: CaseEvent): string | null {
    switch (event.event) {
      case 'exhibit-opened':
        return this.#opened(event.exhibitId, event.sequence);
      case 'exhibit-sealed':
        return this.#ended({ ...event, state: 'sealed', encryption: null });
      case 'exhibit-given-up':
        return this.#ended({
          ...event,
          state: 'given-up',
          tagmanifestSha256: null,
          containerSha256: null,
          encryption: null,
        });
      case 'encryption-asked':
      case 'exhibit-encrypted':
      case 'plaintext-removed':
        return this.#encrypted(event);
      case 'case-closed':
        this.closed = true;
        return null;
      case 'case-opened':
      case 'lock-taken-over':
      case 'containment-abandoned':
      case 'interrupted':
        return null;
    }
  }

  #opened(exhibitId: string, sequence: number): string | null {
    const last = this.exhibits.at(-1);
    if (last?.state === 'open') return 'it opens an exhibit while another is open';
    if (sequence !== (last?.sequence ?? 0) + 1) return 'it skips or repeats the number of an exhibit';
    this.exhibits.push({
      exhibitId,
      sequence,
      state: 'open',
      tagmanifestSha256: null,
      containerSha256: null,
      custodyHeadSha256: null,
      encryption: null,
    });
    return null;
  }

  #encrypted(event: EncryptionEvent): string | null {
    const at = this.exhibits.findIndex(({ exhibitId }) => exhibitId === event.exhibitId);
    const exhibit = this.exhibits[at];
    const encryption = exhibit === undefined ? null : nextEncryption(event, exhibit);
    if (exhibit === undefined || encryption === null) return 'it encrypts an exhibit that is not ready for it';
    this.exhibits[at] = { ...exhibit, encryption };
    return null;
  }

  #ended(ended: ExhibitHistory): string | null {
    const last = this.exhibits.at(-1);
    if (last?.state !== 'open' || last.exhibitId !== ended.exhibitId) return 'it ends an exhibit that is not open';
    const { exhibitId, sequence, state, tagmanifestSha256, containerSha256, custodyHeadSha256 } = ended;
    this.exhibits[this.exhibits.length - 1] = {
      exhibitId,
      sequence,
      state,
      tagmanifestSha256,
      containerSha256,
      custodyHeadSha256,
      encryption: last.encryption,
    };
    return null;
  }
}

/** `null` for a step that cannot follow on the last. */
function nextEncryption(event: EncryptionEvent, { state, encryption }: ExhibitHistory): EncryptionHistory | null {
  if (event.event === 'encryption-asked') {
    const { recipients, keepPlaintext } = event;
    if (state === 'given-up' || (encryption !== null && encryption.state !== 'asked')) return null;
    return { state: 'asked', recipients, keepPlaintext, encryptedSha256: null };
  }
  if (state !== 'sealed' || encryption === null) return null;
  if (event.event === 'exhibit-encrypted') {
    const { encryptedSha256 } = event;
    if (encryption.state !== 'asked') return null;
    return { ...encryption, state: encryption.keepPlaintext ? 'done' : 'encrypted', encryptedSha256 };
  }
  return encryption.state === 'encrypted' ? { ...encryption, state: 'done' } : null;
}

function parseEvent(entry: ChainEntry): z.ZodSafeParseResult<CaseEvent> {
  const { seq: _seq, prev: _prev, at: _at, monoUs: _monoUs, bootId: _bootId, actor: _actor, ...event } = entry;
  return caseEventSchema.safeParse(event);
}

/** Reads a case's history without touching it; a torn last line is passed over. Throws `CASE_CORRUPT` with the line. */
export function readCaseHistory(path: string): CaseHistory {
  const reader = new HistoryReader(path);
  readChain(path, (entry) => reader.read(entry));
  return { exhibits: reader.exhibits, closed: reader.closed };
}

/** The history of a case that is open for writing. */
export class CaseState {
  readonly #log: ChainedLog<CaseEvent['event']>;
  readonly #reader: HistoryReader;

  private constructor(log: ChainedLog<CaseEvent['event']>, reader: HistoryReader) {
    this.#log = log;
    this.#reader = reader;
  }

  /** Cuts a torn last line off and keeps its bytes in an entry `interrupted`. Throws `CASE_CORRUPT`, `STORAGE_*`. */
  static async open(options: {
    readonly path: string;
    readonly clock: Clock;
    readonly actor: string;
  }): Promise<{ state: CaseState; torn: boolean }> {
    const reader = new HistoryReader(options.path);
    const { log, torn } = await ChainedLog.open<CaseEvent['event']>({
      ...options,
      onEntry: (entry) => reader.read(entry),
    });
    const state = new CaseState(log, reader);
    if (torn !== null) {
      await state.append(interruptedBy(torn));
      await releaseTorn(torn);
    }
    return { state, torn: torn !== null };
  }

  get exhibits(): readonly ExhibitHistory[] {
    return this.#reader.exhibits;
  }

  get closed(): boolean {
    return this.#reader.closed;
  }

  /** The exhibit that is open; `null` when none is. */
  get openExhibit(): ExhibitHistory | null {
    const last = this.#reader.exhibits.at(-1);
    return last?.state === 'open' ? last : null;
  }

  async append(event: CaseEvent): Promise<void> {
    const { event: name, ...fields } = event;
    await this.#log.append(name, fields);
    const { seq, sha256 } = this.#log.head;
    this.#reader.read({ ...event, seq, prev: sha256 });
  }

  async close(): Promise<void> {
    await this.#log.close();
  }
}

/** A longer tail than the entry holds stays beside the log. */
function interruptedBy({ bytes }: TornTail): CaseEvent {
  const tornB64 = bytes.subarray(0, MAX_TORN_RECORDED_BYTES).toString('base64');
  return bytes.length > MAX_TORN_RECORDED_BYTES
    ? { event: 'interrupted', tornB64, tornSizeBytes: bytes.length }
    : { event: 'interrupted', tornB64 };
}
