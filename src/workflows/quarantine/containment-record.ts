import type { CaseStore, OpenCase } from '../../evidence/case-store.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { ExhibitError } from '../../model/errors.js';
import type { Operator, Tool } from '../../model/exhibit.js';
import { Journal } from '../../plan/journal.js';
import type { Clock } from '../../ports/clock.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { assertNoCopy } from '../assert-no-copy.js';
import { observeIdentity } from '../observe-identity.js';

/** What changes of the outside world are written into: the case, locked for us, its journal, its open exhibit. */
export interface ContainmentRecord {
  readonly openCase: OpenCase;
  readonly journal: Journal;
  readonly exhibit: ExhibitSpool;
  /** Gives the case back. */
  close(): Promise<void>;
}

export interface RecordDeps {
  readonly store: CaseStore;
  readonly caseId: string;
  readonly clock: Clock;
}

/** Opens an exhibit where none is open. Throws `CASE_INVALID`, `CASE_LOCKED`, `CASE_CLOSED`, `CASE_CORRUPT`, `STORAGE_*`. */
export async function openContainmentRecord({ store, caseId, clock }: RecordDeps): Promise<ContainmentRecord> {
  const openCase = await store.open(caseId);
  try {
    const { directory, file } = openCase;
    const exhibit = (await openCase.exhibit()) ?? (await openCase.openExhibit({ kind: 'incident' }));
    assertNoCopy(exhibit);
    const journal = await Journal.open({ directory, clock, actor: file.operator });
    return {
      ...{ openCase, journal, exhibit },
      close: async () => {
        await journal.close();
        await exhibit.close();
        await openCase.release();
      },
    };
  } catch (error) {
    await openCase.release();
    throw error;
  }
}

export interface OpeningDeps {
  readonly reader: ClusterReader;
  readonly tool: Tool;
  readonly os: { readonly user: string; readonly host: string };
}

export interface Where {
  /** `null` = it could not be learned. */
  readonly clusterUid: string | null;
  readonly nodes: readonly string[];
  readonly pods: readonly string[];
}

function assertSameCluster({ exhibit }: ContainmentRecord, { clusterUid }: Where, server: string): void {
  const known = exhibit.opening()?.scope?.clusterUid ?? null;
  if (known === null || clusterUid === null || known === clusterUid) return;
  throw new ExhibitError('TARGET_REPLACED', `the exhibit was begun on cluster ${known}; this is ${clusterUid}`, {
    subject: server,
    hints: ['exhibit seal', 'kubectl config get-contexts'],
    safe: 'Nothing was changed.',
  });
}

async function writeOpening(
  { openCase, exhibit }: ContainmentRecord,
  { clusterUid, nodes, pods }: Where,
  { deps, apiIdentity }: { readonly deps: OpeningDeps; readonly apiIdentity: Operator['apiIdentity'] },
): Promise<void> {
  const { reader, tool, os } = deps;
  const scope = { all: false, nodes: [...nodes], pods: [...pods], namespaces: [], kubelet: false };
  await exhibit.writeOpening({
    scope: { ...scope, profile: 'containment', clusterUid, apiServer: reader.facts.server },
    authority: openCase.file.authority,
    operator: { apiIdentity, cloudIdentity: null, osUser: os.user, host: os.host },
    tool,
    connection: reader.facts,
    profileText: '',
    configText: '',
  });
}

/**
 * Sees to it that the exhibit says who acts, on which cluster, on whose authority. Throws `TARGET_REPLACED` when it was begun on another
 * cluster.
 */
export async function recordOpening(record: ContainmentRecord, where: Where, deps: OpeningDeps): Promise<void> {
  const { exhibit } = record;
  const { reader } = deps;
  assertSameCluster(record, where, reader.facts.server);
  const { apiIdentity, unknownBecause, clock } = await observeIdentity(reader, 'open');
  if (exhibit.opening() === null) await writeOpening(record, where, { deps, apiIdentity });
  await exhibit.custody.append('preflight', {
    phase: 'containment',
    identity: apiIdentity?.username ?? null,
    identityUnknownBecause: unknownBecause,
    clusterUid: where.clusterUid,
    server: reader.facts.server,
    insecureTls: reader.facts.insecure,
  });
  if (clock !== null) await exhibit.clock(clock);
}
