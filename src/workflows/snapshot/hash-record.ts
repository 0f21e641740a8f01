import type { CaseStore, OpenCase } from '../../evidence/case-store.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { Tool } from '../../model/exhibit.js';
import type { Clock } from '../../ports/clock.js';
import { assertNoCopy } from '../assert-no-copy.js';
import { SnapshotLog } from './snapshot-log.js';

/** What the reading of a snapshot is written into: the case, locked for us, and its open exhibit. */
export interface HashRecord {
  readonly exhibit: ExhibitSpool;
  readonly log: SnapshotLog;
  /** Gives the case back. */
  close(): Promise<void>;
}

export interface HashRecordDeps {
  readonly store: CaseStore;
  readonly caseId: string;
  readonly clock: Clock;
  readonly tool: Tool;
  readonly os: { readonly user: string; readonly host: string };
}

/** No cluster is asked: a later collection into the same exhibit widens what is stated here. */
async function writeOpening({ file }: OpenCase, exhibit: ExhibitSpool, { tool, os }: HashRecordDeps): Promise<void> {
  const scope = { all: false, nodes: [], pods: [], namespaces: [], kubelet: false, profile: 'snapshot' };
  await exhibit.writeOpening({
    scope: { ...scope, clusterUid: null, apiServer: null },
    authority: file.authority,
    operator: { apiIdentity: null, cloudIdentity: null, osUser: os.user, host: os.host },
    tool,
    connection: null,
    profileText: '',
    configText: '',
  });
}

/** Opens an exhibit where none is open. Throws `CASE_INVALID`, `CASE_LOCKED`, `CASE_CLOSED`, `CASE_CORRUPT`, `STORAGE_*`. */
export async function openHashRecord(deps: HashRecordDeps): Promise<HashRecord> {
  const openCase = await deps.store.open(deps.caseId);
  try {
    const exhibit = (await openCase.exhibit()) ?? (await openCase.openExhibit({ kind: 'incident' }));
    assertNoCopy(exhibit);
    if (exhibit.opening() === null) await writeOpening(openCase, exhibit, deps);
    const log = await SnapshotLog.open({
      ...{ directory: openCase.directory, clock: deps.clock, actor: openCase.file.operator },
    });
    return {
      ...{ exhibit, log },
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
