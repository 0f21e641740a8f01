import { ExhibitError } from '../model/errors.js';
import type { Sealed, RespondDeps, SnapshotCall } from '../workflows/respond/respond.js';
import type { RespondRequest } from '../workflows/respond/respond-state.js';
import type { ContainmentRecord } from '../workflows/quarantine/containment-record.js';
import { type PreparedQuarantine, prepareQuarantine } from '../workflows/quarantine/prepare-quarantine.js';
import { callSnapshots } from '../workflows/respond/call-snapshots.js';
import { quarantineRequestOf } from '../workflows/respond/quarantine-request-of.js';
import { sealAndEncrypt, type SealAndEncryptDeps } from '../workflows/seal-and-encrypt.js';
import type { Authority } from '../model/case.js';
import type { PlanHistory } from '../plan/plan-history.js';
import type { Platform } from '../ports/platform.js';
import type { ClusterTools } from '../ports/cluster-tools.js';
import type { Answers } from './confirm.js';
import { containmentChecksOf } from './containment-check-flags.js';
import type { Context } from './context.js';
import type { ClusterFlagValues } from './cluster-globals.js';
import { ensureKey } from './drill-files.js';
import { encryptionAsked } from './encryption-flags.js';
import { platformFor } from './platform-for.js';
import { snapshotServices } from './snapshot-services.js';
import { openSigners } from './signing-flags.js';
import { timestampersOf } from './timestampers.js';

/** Characters of the name of a plan. */
const PLAN_LENGTH = 6;

/** Everything that a response talks to, made for one case. */
export interface RespondTools extends Pick<ClusterTools, 'reader' | 'actuator'> {
  readonly platform: Platform | null;
  readonly clusterFlags: ClusterFlagValues;
  readonly caseId: string;
  readonly record: ContainmentRecord;
}

/** Connects. Throws as the ports. */
export async function openRespondTools(
  context: Context,
  cloud: RespondRequest['cloud'],
  made: Pick<RespondTools, 'clusterFlags' | 'caseId' | 'record'>,
): Promise<RespondTools> {
  const { clusterFlags, caseId, record } = made;
  const { requestLog } = record.exhibit;
  const { reader, actuator } = await context.clusterTools(context.clusterTarget(clusterFlags), caseId, requestLog);
  const platform = await platformFor(context, cloud, { caseToken: caseId, requestLog });
  return { ...made, reader, actuator, platform };
}

/** What a plan needs to know of the case that it is made for. */
interface PlanOf extends Pick<RespondTools, 'reader' | 'actuator' | 'platform' | 'caseId'> {
  readonly authority: Authority;
  readonly earlier: readonly PlanHistory[];
}

/** The containment of a response as it would be now. Throws as `prepareQuarantine`. */
export async function prepareContainment(
  context: Context,
  request: RespondRequest,
  { reader, actuator, platform, caseId, authority, earlier }: PlanOf,
): Promise<PreparedQuarantine> {
  const { clock, ids, os, signal } = context;
  return await prepareQuarantine(quarantineRequestOf(request), {
    ...{ reader, actuator, platform, signal, clock, authority, earlier },
    own: { host: os.host, bootId: clock.bootId() },
    caseToken: caseId,
    plan: ids.token(PLAN_LENGTH),
    // It is asked once more when it comes to that: the volatile tiers are read before.
    volatileTaken: (nodes) => Promise.resolve(new Set(nodes)),
  });
}

/** As `prepareContainment`, into the case that is open. */
export async function prepareInCase(
  context: Context,
  request: RespondRequest,
  tools: RespondTools,
): Promise<PreparedQuarantine> {
  const { openCase, journal } = tools.record;
  const { authority } = openCase.file;
  return await prepareContainment(context, request, { ...tools, authority, earlier: journal.plans });
}

export interface SealAsked {
  readonly passphraseFd: string | undefined;
  readonly answers: Answers;
}

type Sealing = Omit<SealAndEncryptDeps, 'store' | 'clock' | 'io' | 'sbom' | 'signal'>;

/** Opens the keys; what they ask is asked now. Makes the default key where there is none. Throws `KEY_INVALID` and the like. */
export async function openSealing(
  context: Context,
  { key, countersign, tsa }: Pick<RespondRequest, 'key' | 'countersign' | 'tsa'>,
  { passphraseFd, answers }: SealAsked,
): Promise<Sealing> {
  await ensureKey(context, key ?? undefined);
  const flags = { 'key': key ?? undefined, countersign, 'passphrase-fd': passphraseFd };
  const { signer, countersigners } = await openSigners(context, flags);
  const { program, newPassphrase } = await encryptionAsked(
    context,
    {
      'encrypt-to': undefined,
      'encrypt-passphrase': false,
      'encrypt-passphrase-fd': undefined,
      'keep-plaintext': false,
      'passphrase-fd': passphraseFd,
    },
    answers,
  );
  const timestampers = await timestampersOf(context, tsa ?? undefined);
  return { signer, countersigners, program, newPassphrase, timestampers };
}

async function sealOf(context: Context, sealing: Sealing, asked: { caseId: string; classification: string | null }) {
  const { clock, io, signal } = context;
  const { sealed } = await sealAndEncrypt(
    { ...asked, encryption: null },
    { ...sealing, store: await context.store(), clock, io, signal, sbom: await context.sbom() },
  );
  return sealed;
}

/** `null` = nothing is asked of a cloud. What it opens is closed after the call. */
async function snapshotsOf(
  context: Context,
  { platform, record, reader, caseId }: RespondTools,
): Promise<SnapshotCall | null> {
  if (platform === null) return null;
  const { requestLog } = record.exhibit;
  const { clock, ids, io, signal } = context;
  const { account } = await platform.identity();
  const { serviceOf, close } = snapshotServices(context, { caseToken: caseId, requestLog, account });
  const call = callSnapshots({ clock, ids, io, signal, reader, platform, serviceOf, caseToken: caseId, record });
  return async (prepared) => await call(prepared).finally(close);
}

/** Throws as the platform where a cloud was named. */
export async function respondDeps(
  context: Context,
  request: RespondRequest,
  made: { readonly tools: RespondTools; readonly sealing: Sealing },
): Promise<RespondDeps> {
  const { tools, sealing } = made;
  const { reader, actuator, platform, clusterFlags, caseId } = tools;
  const clusterTarget = context.clusterTarget(clusterFlags);
  const { io, os, signal } = context;
  const checks = containmentChecksOf(
    {
      ...clusterFlags,
      'recheck-at': request.recheckAt ?? undefined,
      'probe': request.probe,
      'probe-allowed': request.probeAllowed,
    },
    context,
    caseId,
  );
  const rungs =
    request.collect.nodeAccess.length === 0
      ? null
      : context.rungsTo(request.collect, { target: clusterTarget, caseToken: caseId });
  const cloud = platform === null ? null : { actuator: platform.actuator, caseToken: caseId };
  return {
    collect: { ...(await context.collectDeps(caseId, clusterTarget)), timestampers: sealing.timestampers },
    containment: {
      reader,
      actuator,
      cloud,
      tool: await context.tool(),
      os,
      io,
      signal,
      verification: { ...checks, rungs },
    },
    snapshot: await snapshotsOf(context, tools),
    seal: async (): Promise<Sealed> => {
      const sealed = await sealOf(context, sealing, { caseId, classification: request.classification });
      if (sealed === null) throw nothingSealed(caseId);
      const { archivePath, receiptPath, report } = sealed;
      return { archivePath, receiptPath, gaps: report.gaps };
    },
  };
}

function nothingSealed(caseId: string): ExhibitError {
  return new ExhibitError('NOTHING_TO_SEAL', `case ${caseId} has no open exhibit`, {
    subject: caseId,
    hints: ['exhibit case show'],
  });
}
