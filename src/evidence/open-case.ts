import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { CHAIN_START } from '../model/custody-entry.js';
import { asciiJson } from '../lib/ascii-json.js';
import { toRfc3339 } from '../lib/clock.js';
import type { AbandonedContainment, CaseFile, EncryptionEvent } from '../model/case.js';
import { ExhibitError } from '../model/errors.js';
import type { Kind, Receipt } from '../model/exhibit.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { CaseLayout } from './case-file.js';
import { noSuchCase, readCaseFile } from './case-file.js';
import type { CaseLock } from './case-lock.js';
import { takeCaseLock } from './case-lock.js';
import type { ExhibitHistory } from './case-state.js';
import { CaseState } from './case-state.js';
import { openExhibitSpool } from './exhibit-spool.js';
import type { ExhibitSpool, FileExhibitSpool } from './exhibit-spool.js';
import { finishedSeal } from './finished-seal.js';
import {
  assertPrivateDirectory,
  createFile,
  ensurePrivateDirectory,
  makePrivateDirectory,
  replaceFile,
  syncDirectory,
} from './private-files.js';
import type { SpoolInfo } from './spool-info.js';
import { readSpoolInfo } from './spool-info.js';
import type { SpoolLayout } from './spool-layout.js';
import { spoolLayout } from './spool-layout.js';

/** A case that this process alone may write to, until `release`. */
export interface OpenCase {
  readonly file: CaseFile;
  readonly directory: string;
  /** Where archives and receipts go. */
  readonly sealedDirectory: string;
  /** All exhibits of the case in order. */
  readonly exhibits: readonly ExhibitHistory[];
  /** The open exhibit, repaired where a crash left it torn; `null` when none is open. Throws `CASE_CORRUPT`, `STORAGE_*`. */
  exhibit(): Promise<ExhibitSpool | null>;
  /** Consumes the next number. Throws `CASE_CLOSED`, and `INTERNAL` while one is open. */
  openExhibit(input: { readonly kind: Kind }): Promise<ExhibitSpool>;
  /** Ends an exhibit without a seal; every later statement of the case lists it. Its spool stays. */
  giveUp(exhibit: ExhibitSpool, reason: string): Promise<void>;
  /** Records a finished seal: the receipt is on the disk and the archive has its final name. */
  recordSeal(receipt: Receipt): Promise<void>;
  /** Records a step of an encryption. Throws `CASE_CORRUPT` for one that cannot follow on the last. */
  recordEncryption(event: EncryptionEvent): Promise<void>;
  /** Records that a containment stays as it is when the case is closed. */
  recordAbandoned(containment: AbandonedContainment): Promise<void>;
  closeCase(): Promise<CaseFile>;
  release(): Promise<void>;
}

export interface OpenCaseOptions {
  readonly layout: CaseLayout;
  readonly caseId: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly io: Io;
  /** Of a part of a payload file; for tests. */
  readonly partBytes?: number;
}

/** Takes the lock and reads the history. Throws `CASE_INVALID`, `CASE_LOCKED`, `CASE_CORRUPT`, `STORAGE_UNSAFE`, `STORAGE_*`. */
export async function openCaseForWriting(options: OpenCaseOptions): Promise<OpenCase> {
  const { layout, caseId, clock } = options;
  if ((await readCaseFile(layout)) === null) throw noSuchCase(caseId);
  const lock = await takeCaseLock(layout.directory, clock);
  try {
    // Read again: it may have been closed while we waited for our turn.
    const file = await readCaseFile(layout);
    if (file === null) throw noSuchCase(caseId);
    for (const directory of [layout.exhibits, layout.sealed]) ensurePrivateDirectory(directory);
    const { state, torn } = await CaseState.open({ path: layout.log, clock, actor: file.operator });
    if (torn) options.io.emit('TAIL_CUT', 'the last line of case.jsonl was torn', { caseId });
    return await recovered(new LockedCase({ options, lock, state, file }));
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function recovered(opened: LockedCase): Promise<OpenCase> {
  try {
    await opened.recover();
    return opened;
  } catch (error) {
    await opened.release();
    throw error;
  }
}

interface LockedCaseParts {
  readonly options: OpenCaseOptions;
  readonly lock: CaseLock;
  readonly state: CaseState;
  readonly file: CaseFile;
}

class LockedCase implements OpenCase {
  readonly #options: OpenCaseOptions;
  readonly #lock: CaseLock;
  readonly #state: CaseState;
  #file: CaseFile;
  #spool: FileExhibitSpool | null = null;
  #released = false;

  constructor({ options, lock, state, file }: LockedCaseParts) {
    this.#options = options;
    this.#lock = lock;
    this.#state = state;
    this.#file = file;
  }

  get file(): CaseFile {
    return this.#state.closed && this.#file.state === 'open' ? { ...this.#file, state: 'closed' } : this.#file;
  }

  get directory(): string {
    return this.#options.layout.directory;
  }

  get sealedDirectory(): string {
    return this.#options.layout.sealed;
  }

  get exhibits(): readonly ExhibitHistory[] {
    return this.#state.exhibits;
  }

  /** What a crash left between two steps: a lock, or a seal that was finished and not yet recorded. */
  async recover(): Promise<void> {
    const { tookOver } = this.#lock;
    if (tookOver !== null) {
      await this.#state.append({ event: 'lock-taken-over', ...tookOver });
      this.#options.io.emit(
        'LOCK_TAKEN_OVER',
        `the lock of ${tookOver.from} was taken over: ${tookOver.reason}`,
        tookOver,
      );
    }
    const open = this.#state.openExhibit;
    if (open === null) return;
    const receipt = await finishedSeal(this.sealedDirectory, open.exhibitId);
    if (receipt !== null) await this.recordSeal(receipt);
  }

  async exhibit(): Promise<ExhibitSpool | null> {
    const open = this.#state.openExhibit;
    if (open === null) return null;
    if (this.#spool !== null && !this.#spool.closed) return this.#spool;
    return await this.#openSpool(open.exhibitId);
  }

  async openExhibit({ kind }: { readonly kind: Kind }): Promise<ExhibitSpool> {
    if (this.#state.closed) {
      throw new ExhibitError('CASE_CLOSED', `case ${this.#options.caseId} is closed`, { hints: ['exhibit case open'] });
    }
    if (this.#state.openExhibit !== null) throw new ExhibitError('INTERNAL', 'an exhibit is open already');
    const sequence = (this.#state.exhibits.at(-1)?.sequence ?? 0) + 1;
    if (sequence > 9999)
      throw new ExhibitError('CASE_CLOSED', 'a case holds 9,999 exhibits', { hints: ['exhibit case open'] });
    const exhibitId = `${this.#options.caseId}-x${String(sequence).padStart(4, '0')}`;
    await this.#prepare({
      format: 'exhibit-spool/1',
      exhibitId,
      sequence,
      kind,
      openedAt: toRfc3339(this.#options.clock.nowMs()),
    });
    // From here on the number is used, whatever happens.
    await this.#state.append({ event: 'exhibit-opened', exhibitId, sequence });
    return await this.#openSpool(exhibitId);
  }

  async giveUp(exhibit: ExhibitSpool, reason: string): Promise<void> {
    await exhibit.custody.append('operator-note', { note: 'given up', reason });
    const custodyHeadSha256 = exhibit.custody.size === 0 ? CHAIN_START : exhibit.custody.head.sha256;
    await exhibit.close();
    const { exhibitId, sequence } = exhibit;
    await this.#state.append({ event: 'exhibit-given-up', exhibitId, sequence, custodyHeadSha256, reason });
  }

  async recordSeal(receipt: Receipt): Promise<void> {
    const { exhibitId, sequence, tagmanifestSha256, containerSha256, custodyHeadSha256 } = receipt;
    await this.#state.append({
      event: 'exhibit-sealed',
      exhibitId,
      sequence,
      tagmanifestSha256,
      containerSha256,
      custodyHeadSha256,
    });
    await replaceFile(this.#layoutOf(exhibitId).sealed, `${asciiJson(receipt)}\n`);
  }

  async recordEncryption(event: EncryptionEvent): Promise<void> {
    await this.#state.append(event);
  }

  async recordAbandoned(containment: AbandonedContainment): Promise<void> {
    await this.#state.append({ event: 'containment-abandoned', ...containment });
  }

  async closeCase(): Promise<CaseFile> {
    const open = this.#state.openExhibit;
    if (open !== null) {
      throw new ExhibitError('USAGE_INVALID', `exhibit ${open.exhibitId} is still open`, {
        subject: open.exhibitId,
        hints: ['exhibit seal'],
      });
    }
    if (!this.#state.closed) await this.#state.append({ event: 'case-closed', caseId: this.#options.caseId });
    this.#file = { ...this.#file, state: 'closed' };
    await replaceFile(this.#options.layout.file, `${asciiJson(this.#file)}\n`);
    return this.#file;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    try {
      await this.#spool?.close();
      await this.#state.close();
    } finally {
      await this.#lock.release();
    }
  }

  #layoutOf(exhibitId: string): SpoolLayout {
    return spoolLayout(join(this.#options.layout.exhibits, exhibitId));
  }

  /** The folder of a new exhibit under a name that does not count yet. */
  async #prepare(info: SpoolInfo): Promise<void> {
    const draft = spoolLayout(join(this.#options.layout.exhibits, `${info.exhibitId}.new`));
    try {
      await rm(draft.directory, { recursive: true, force: true });
    } catch (error) {
      throw storageError(error, draft.directory);
    }
    makePrivateDirectory(draft.directory);
    await createFile(draft.info, `${asciiJson(info)}\n`);
    await syncDirectory(draft.directory);
    await syncDirectory(this.#options.layout.exhibits);
  }

  async #openSpool(exhibitId: string): Promise<ExhibitSpool> {
    const layout = this.#layoutOf(exhibitId);
    const draft = `${layout.directory}.new`;
    if (!existsSync(layout.directory) && existsSync(draft)) {
      renameSync(draft, layout.directory);
      await syncDirectory(this.#options.layout.exhibits);
    }
    await assertPrivateDirectory(layout.directory);
    // An exhibit that has ended; only one is ever open in the case.
    await this.#spool?.close();
    const { caseId, clock, ids, partBytes } = this.#options;
    const info = await readSpoolInfo(layout);
    const spool = await openExhibitSpool({
      layout,
      info,
      caseId,
      clock,
      actor: this.#file.operator,
      seed: ids.token(16),
      ...(partBytes === undefined ? {} : { partBytes }),
    });
    this.#spool = spool;
    return spool;
  }
}
