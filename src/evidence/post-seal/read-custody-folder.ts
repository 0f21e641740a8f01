import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { asciiJson, parseAsciiJson } from '../../lib/ascii-json.js';
import { CHAIN_START } from '../../model/custody-entry.js';
import {
  custodyRecordSchema,
  type CustodyExhibit,
  type CustodyFinding,
  type CustodyRecord,
  type CustodyVerdict,
} from '../../model/post-seal-custody.js';
import { CustodyFindings } from './custody-findings.js';
import {
  custodyFolderOf,
  listCustodyFolder,
  readCustodyFile,
  SIGNATURE,
  type EventFiles,
  type FolderListing,
} from './custody-folder.js';
import { checkCustodySignature, type CheckedSignature, type CustodyTrust } from './custody-signature.js';
import { EventChain, type ChainedEvent } from './event-chain.js';
import { TransferPairs } from './transfer-pairs.js';

/** One event of the folder, whether or not the folder is in order; `CustodyReading.findings` says what is wrong. */
export interface CustodyEvent {
  readonly record: CustodyRecord;
  /** `0001-transfer-out.json`. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the event file. */
  readonly sha256: string;
  /** `null` when there is no good signature. */
  readonly signature: CheckedSignature | null;
  /** Whether nothing up to and with this event breaks the record. */
  readonly isSound: boolean;
}

export type KnownExhibit = Pick<CustodyExhibit, 'exhibitId'> & Partial<CustodyExhibit>;

export interface ReadCustodyOptions {
  readonly archivePath: string;
  /** The archive as it was found now; an event about another one is a finding. What is not known is taken from the first event. */
  readonly exhibit: KnownExhibit;
  readonly trust: CustodyTrust;
  /** Sees each readable event, by number; at most 256 KiB each, at most 9,999. Nothing is kept of them here. */
  readonly onEvent?: (event: CustodyEvent) => void;
  /** Default: `<exhibit>.custody` beside the archive. */
  readonly folder?: string;
}

export interface CustodyReading {
  readonly folder: string;
  readonly isThere: boolean;
  readonly verdict: CustodyVerdict;
  /** Readable events. */
  readonly events: number;
  /** Digest of the last event; 64 zeros when there is none. */
  readonly headSha256: string;
  readonly lastSeq: number;
  /** At most 100, in the order of the events; `findingsTotal` counts all. */
  readonly findings: readonly CustodyFinding[];
  readonly findingsTotal: number;
  /** The first finding that means that the record is not as it was signed. */
  readonly firstBreak: CustodyFinding | null;
  /** As it was known before, and by the events. */
  readonly exhibit: KnownExhibit;
  /** The newest `transfer-out` that waits for its countersignature. */
  readonly openTransfer: {
    readonly seq: number;
    readonly sha256: string;
    readonly signer: string;
    readonly encryptedSha256: string | null;
  } | null;
}

/**
 * Reads the custody folder beside an archive once, in bounded memory: form, numbers, chain, signatures, digests of the archive, pairs of
 * transfers. A bad folder is findings, not an error; throws `STORAGE_UNSAFE` and `STORAGE_FAILED` for what cannot be read. That the last
 * events were removed cannot be seen from the folder alone.
 */
export async function readCustodyFolder(options: ReadCustodyOptions): Promise<CustodyReading> {
  const folder = options.folder ?? custodyFolderOf(options.archivePath, options.exhibit.exhibitId);
  return await new FolderReader(folder, options).read(await listCustodyFolder(folder));
}

class FolderReader {
  readonly #folder: string;
  readonly #options: ReadCustodyOptions;
  readonly #findings = new CustodyFindings();
  readonly #chain = new EventChain(this.#findings);
  readonly #pairs = new TransferPairs(this.#findings);
  #exhibit: KnownExhibit;
  #events = 0;
  #lastSeq = 0;
  #headSha256 = CHAIN_START;

  constructor(folder: string, options: ReadCustodyOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#exhibit = options.exhibit;
  }

  async read(listing: FolderListing): Promise<CustodyReading> {
    for (const group of bySeq(listing.events)) await this.#readNumber(group);
    this.#pairs.end();
    for (const file of listing.strange)
      this.#findings.add({ kind: 'strange-file', seq: 0, file, detail: 'no custody record has such a file' });
    const { newestOpen } = this.#pairs;
    return {
      folder: this.#folder,
      isThere: listing.isThere,
      verdict: this.#findings.verdict(this.#events),
      events: this.#events,
      headSha256: this.#headSha256,
      lastSeq: this.#lastSeq,
      findings: this.#findings.kept,
      findingsTotal: this.#findings.total,
      firstBreak: this.#findings.firstBreak,
      exhibit: this.#exhibit,
      openTransfer: newestOpen,
    };
  }

  async #readNumber(group: readonly EventFiles[]): Promise<void> {
    const seq = group[0]?.seq ?? 0;
    const read: Omit<CustodyEvent, 'isSound'>[] = [];
    let unreadable = false;
    for (const files of group) {
      for (const suffix of files.partial) this.#unfinished(files, suffix);
      // What an interrupted run left is no event yet.
      if (!files.hasEvent && files.partial.length > 0) continue;
      const event = await this.#readEvent(files);
      if (event === null) unreadable = true;
      else read.push(event);
    }
    if (read.length === 0 && !unreadable) return;
    this.#chain.see(
      seq,
      read.map((event): ChainedEvent => event),
      unreadable,
    );
    for (const event of read) this.#take(event);
    this.#lastSeq = seq;
  }

  #take(event: Omit<CustodyEvent, 'isSound'>): void {
    this.#pairs.see(event.record, event);
    this.#events += 1;
    this.#headSha256 = event.sha256;
    this.#options.onEvent?.({ ...event, isSound: this.#findings.firstBreak === null });
  }

  async #readEvent(files: EventFiles): Promise<Omit<CustodyEvent, 'isSound'> | null> {
    const { name, seq } = files;
    if (!files.hasEvent) {
      const detail = 'its signature is there, the event is not';
      this.#findings.add({ kind: 'missing', seq, file: name, detail });
      return null;
    }
    const bytes = await readCustodyFile(this.#folder, name);
    const record = typeof bytes === 'string' ? bytes : parseCustodyRecord(bytes);
    if (typeof bytes === 'string' || typeof record === 'string') {
      this.#findings.add({ kind: 'broken', seq, file: name, detail: typeof record === 'string' ? record : '' });
      return null;
    }
    if (record.event !== files.event)
      this.#findings.add({ kind: 'broken', seq, file: name, detail: `it was signed as ${record.event}` });
    this.#compareExhibit(record, name);
    return {
      record,
      name,
      path: join(this.#folder, name),
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      signature: await this.#readSignature(files, { bytes, signer: record.signer }),
    };
  }

  async #readSignature(
    { seq, name, hasSignature }: EventFiles,
    { bytes, signer }: { readonly bytes: Buffer; readonly signer: string },
  ): Promise<CheckedSignature | null> {
    if (!hasSignature) {
      this.#findings.add({ kind: 'unsigned', seq, file: name, detail: 'it has no signature' });
      return null;
    }
    const file = name + SIGNATURE;
    const signature = await readCustodyFile(this.#folder, file);
    const checked =
      typeof signature === 'string' ? signature : checkCustodySignature(bytes, signature, this.#options.trust);
    if (typeof checked === 'string') {
      this.#findings.add({ kind: 'bad-signature', seq, file, detail: checked });
      return null;
    }
    if (checked.fingerprint !== signer) {
      const detail = `the event names ${signer} as its signer, the signature is by ${checked.fingerprint}`;
      this.#findings.add({ kind: 'bad-signature', seq, file, detail });
      return null;
    }
    if (checked.trust.principal === null)
      this.#findings.add({ kind: 'untrusted', seq, file: name, detail: `${signer}: ${checked.trust.why}` });
    return checked;
  }

  #compareExhibit(record: CustodyRecord, file: string): void {
    for (const name of COMPARED) {
      const expected = this.#exhibit[name];
      if (record[name] === expected || expected === undefined) continue;
      const detail = `${name} of the archive is ${expected}, of the event ${record[name]}`;
      this.#findings.add({ kind: 'other-exhibit', seq: record.seq, file, detail });
      return;
    }
    const { tagmanifestSha256, containerSha256 } = record;
    this.#exhibit = { tagmanifestSha256, containerSha256, ...this.#exhibit };
  }

  #unfinished({ seq, name }: EventFiles, suffix: string): void {
    const detail = 'it was not written to its end; the next custody add finishes it or drops it';
    this.#findings.add({ kind: 'unfinished', seq, file: name + suffix, detail });
  }
}

const COMPARED = ['exhibitId', 'tagmanifestSha256', 'containerSha256'] as const;

function bySeq(events: readonly EventFiles[]): EventFiles[][] {
  const groups: EventFiles[][] = [];
  for (const files of events) {
    const last = groups.at(-1);
    if (last?.[0]?.seq === files.seq) last.push(files);
    else groups.push([files]);
  }
  return groups;
}

/** Untrusted bytes of an event file; a sentence when they are not a record exactly as it is written: made again, it must be the same. */
export function parseCustodyRecord(bytes: Buffer): CustodyRecord | string {
  const text = bytes.toString('latin1');
  if (!text.endsWith('\n')) return 'it does not end with a line feed';
  const parsed = custodyRecordSchema.safeParse(parseAsciiJson(text.slice(0, -1)));
  if (parsed.success && `${asciiJson(parsed.data)}\n` === text) return parsed.data;
  return 'it is no event as exhibit-custody/1 writes it';
}
