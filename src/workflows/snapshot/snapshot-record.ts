import type { CaseStore, OpenCase } from '../../evidence/case-store.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { Tool } from '../../model/exhibit.js';
import type { ActionRecord } from '../../ports/action-record.js';
import type { Clock } from '../../ports/clock.js';
import { assertNoCopy } from '../assert-no-copy.js';
import { changesOf } from '../execute/open-ladder.js';
import { SnapshotLog } from './snapshot-log.js';

/** What the making of snapshots is written into: the case, locked for us, its log of snapshots, its open exhibit. */
export interface SnapshotRecordBook {
  readonly openCase: OpenCase;
  readonly log: SnapshotLog;
  readonly exhibit: ExhibitSpool;
  readonly changes: ActionRecord;
  readonly clock: Clock;
  /** Gives the case back. */
  close(): Promise<void>;
}

export interface BookDeps {
  readonly store: CaseStore;
  readonly caseId: string;
  readonly clock: Clock;
}

/** Opens an exhibit where none is open. Throws `CASE_INVALID`, `CASE_LOCKED`, `CASE_CLOSED`, `CASE_CORRUPT`, `STORAGE_*`. */
export async function openSnapshotBook({ store, caseId, clock }: BookDeps): Promise<SnapshotRecordBook> {
  const openCase = await store.open(caseId);
  try {
    const { directory, file } = openCase;
    const exhibit = (await openCase.exhibit()) ?? (await openCase.openExhibit({ kind: 'incident' }));
    assertNoCopy(exhibit);
    const log = await SnapshotLog.open({ directory, clock, actor: file.operator });
    return {
      ...{ openCase, log, exhibit, clock, changes: changesOf(exhibit) },
      close: async () => {
        await log.close();
        await exhibit.close();
        await openCase.release();
      },
    };
  } catch (error) {
    await openCase.release();
    throw error;
  }
}

/** A later collection into the same exhibit widens what is stated here. */
const NO_CLUSTER = { all: false, nodes: [], pods: [], namespaces: [], kubelet: false };

export interface WhoDeps {
  readonly tool: Tool;
  readonly os: { readonly user: string; readonly host: string };
  /** As the cloud names the caller. */
  readonly principal: string | null;
}

/** Sees to it that an exhibit that is about snapshots alone says who acts, and on whose authority. */
export async function recordSnapshotOpening(book: SnapshotRecordBook, { tool, os, principal }: WhoDeps): Promise<void> {
  const { exhibit, openCase } = book;
  if (exhibit.opening() === null)
    await exhibit.writeOpening({
      scope: { ...NO_CLUSTER, profile: 'snapshot', clusterUid: null, apiServer: null },
      authority: openCase.file.authority,
      operator: { apiIdentity: null, cloudIdentity: principal, osUser: os.user, host: os.host },
      tool,
      connection: null,
      ...{ profileText: '', configText: '' },
    });
  await exhibit.custody.append('preflight', { phase: 'snapshots', cloudIdentity: principal });
}
