import { readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChainedLog } from '../custody/chained-log.js';
import { storageError } from '../custody/storage-error.js';
import { asciiJson } from '../lib/ascii-json.js';
import { toRfc3339 } from '../lib/clock.js';
import { caseIdSchema } from '../model/case.js';
import type { Authority, CaseEvent, CaseFile } from '../model/case.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import { archiveOf } from './archive-of.js';
import { caseLayout, noSuchCase, readCaseFile } from './case-file.js';
import type { EncryptionHistory, ExhibitState } from './case-state.js';
import { readCaseHistory } from './case-state.js';
import { openCaseForWriting } from './open-case.js';
import type { OpenCase } from './open-case.js';
import {
  createFile,
  ensurePrivateDirectory,
  makePrivateDirectory,
  readPrivateFile,
  removeFile,
  replaceFile,
  syncDirectory,
} from './private-files.js';

export type { OpenCase } from './open-case.js';

/** Characters of a case token: 50 bits. */
const TOKEN_LENGTH = 10;

export interface NewCase {
  readonly reference: string;
  readonly reason: string;
  readonly authority: Authority;
  readonly operator: string;
  readonly hold: string | null;
  readonly privilege?: string | null;
}

export interface ExhibitSummary {
  readonly exhibitId: string;
  readonly sequence: number;
  readonly state: ExhibitState;
  /** Of a sealed one: the file that holds it, encrypted where the plaintext was removed. */
  readonly archive?: string;
  /** `null` = encryption was never asked for. */
  readonly encryption: EncryptionHistory | null;
}

export interface CaseSummary {
  readonly caseId: string;
  readonly reference: string;
  readonly state: CaseFile['state'];
  readonly openedAt: string;
  readonly exhibits: readonly ExhibitSummary[];
}

/** The cases of one user. Everything throws `STORAGE_UNSAFE`, `STORAGE_FULL`, `STORAGE_FAILED` for what the disk is or does. */
export interface CaseStore {
  /** The new case is in use afterwards. */
  create(input: NewCase): Promise<CaseFile>;
  /** Oldest first. Throws `CASE_CORRUPT` for a case whose records are damaged. */
  list(): Promise<CaseSummary[]>;
  /** The case in use; `null` when there is none or it is closed. */
  current(): Promise<string | null>;
  /** Throws `CASE_INVALID`, `CASE_CLOSED`. */
  use(caseId: string): Promise<CaseFile>;
  /**
   * Throws `CASE_INVALID`, `CASE_LOCKED`, `USAGE_INVALID` while an exhibit is open, and what `guard` throws, which is asked while the case
   * is locked: it is then not closed.
   */
  close(caseId: string, guard?: (openCase: OpenCase) => Promise<void>): Promise<CaseFile>;
  /** Takes the lock. Throws `CASE_INVALID`, `CASE_LOCKED`, `CASE_CORRUPT`. */
  open(caseId: string): Promise<OpenCase>;
}

export interface CaseStoreOptions {
  readonly casesDirectory: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly io: Io;
  /** Size of a part of a long payload file; 2^32 outside tests. */
  readonly partBytes?: number;
}

export function openCaseStore(options: CaseStoreOptions): CaseStore {
  return new FileCaseStore(options);
}

class FileCaseStore implements CaseStore {
  readonly #options: CaseStoreOptions;
  readonly #currentFile: string;

  constructor(options: CaseStoreOptions) {
    this.#options = options;
    this.#currentFile = join(dirname(options.casesDirectory), 'current-case');
  }

  async create(input: NewCase): Promise<CaseFile> {
    const { casesDirectory, clock, ids } = this.#options;
    ensurePrivateDirectory(casesDirectory);
    const file: CaseFile = {
      format: 'exhibit-case/1',
      caseId: this.#freeToken(ids),
      reference: input.reference,
      reason: input.reason,
      authority: input.authority,
      operator: input.operator,
      hold: input.hold,
      privilege: input.privilege ?? null,
      openedAt: toRfc3339(clock.nowMs()),
      state: 'open',
    };
    await this.#write(file);
    await this.#setCurrent(file.caseId);
    return file;
  }

  async list(): Promise<CaseSummary[]> {
    const summaries: CaseSummary[] = [];
    for (const caseId of this.#caseIds()) {
      const summary = await this.#summary(caseId);
      if (summary !== null) summaries.push(summary);
    }
    return summaries.sort((a, b) => compare(a.openedAt, b.openedAt) || compare(a.caseId, b.caseId));
  }

  async current(): Promise<string | null> {
    const bytes = await readPrivateFile(this.#currentFile);
    const caseId = bytes?.toString('latin1').trim() ?? '';
    if (!caseIdSchema.safeParse(caseId).success) return null;
    const file = await readCaseFile(caseLayout(this.#options.casesDirectory, caseId));
    return file?.state === 'open' ? caseId : null;
  }

  async use(caseId: string): Promise<CaseFile> {
    const file = await readCaseFile(caseLayout(this.#options.casesDirectory, caseId));
    if (file === null) throw noSuchCase(caseId);
    if (file.state === 'closed')
      throw new ExhibitError('CASE_CLOSED', `case ${caseId} is closed`, {
        subject: caseId,
        hints: ['exhibit case open'],
      });
    await this.#setCurrent(caseId);
    return file;
  }

  async close(caseId: string, guard?: (openCase: OpenCase) => Promise<void>): Promise<CaseFile> {
    const openCase = await this.open(caseId);
    try {
      await guard?.(openCase);
      const file = await openCase.closeCase();
      const bytes = await readPrivateFile(this.#currentFile);
      if (bytes?.toString('latin1').trim() === caseId) await removeFile(this.#currentFile);
      return file;
    } finally {
      await openCase.release();
    }
  }

  async open(caseId: string): Promise<OpenCase> {
    const layout = caseLayout(this.#options.casesDirectory, caseId);
    return await openCaseForWriting({ ...this.#options, layout, caseId });
  }

  #freeToken(ids: Ids): string {
    const taken = new Set(this.#caseIds());
    for (let tries = 0; tries < 100; tries += 1) {
      const token = ids.token(TOKEN_LENGTH);
      if (!taken.has(token)) return token;
    }
    throw new ExhibitError('INTERNAL', 'no case token is free');
  }

  /** Under a name that does not count, then renamed: a case is there whole or not at all. */
  async #write(file: CaseFile): Promise<void> {
    const { casesDirectory, clock } = this.#options;
    const draft = join(casesDirectory, `.${file.caseId}.new`);
    try {
      await rm(draft, { recursive: true, force: true });
      makePrivateDirectory(draft);
      await createFile(join(draft, 'case.json'), `${asciiJson(file)}\n`);
      const { log } = await ChainedLog.open<CaseEvent['event']>({
        path: join(draft, 'case.jsonl'),
        clock,
        actor: file.operator,
      });
      await log.append('case-opened', { caseId: file.caseId });
      await log.close();
      await syncDirectory(draft);
      renameSync(draft, join(casesDirectory, file.caseId));
    } catch (error) {
      throw storageError(error, draft);
    }
    await syncDirectory(casesDirectory);
  }

  async #setCurrent(caseId: string): Promise<void> {
    await replaceFile(this.#currentFile, `${caseId}\n`);
  }

  #caseIds(): string[] {
    try {
      return readdirSync(this.#options.casesDirectory).filter((name) => caseIdSchema.safeParse(name).success);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw storageError(error, this.#options.casesDirectory);
    }
  }

  async #summary(caseId: string): Promise<CaseSummary | null> {
    const layout = caseLayout(this.#options.casesDirectory, caseId);
    const file = await readCaseFile(layout);
    if (file === null) return null;
    const history = readCaseHistory(layout.log);
    const exhibits = history.exhibits.map((exhibit) => {
      const { exhibitId, sequence, state, encryption } = exhibit;
      const archive = archiveOf(layout.sealed, exhibit);
      return { exhibitId, sequence, state, encryption, ...(archive === null ? {} : { archive }) };
    });
    return {
      caseId,
      reference: file.reference,
      state: history.closed ? 'closed' : file.state,
      openedAt: file.openedAt,
      exhibits,
    };
  }
}

function compare(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
