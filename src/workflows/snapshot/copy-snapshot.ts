import { CASE_LABEL } from '../../model/collector-pod-settings.js';
import type { SnapshotRecord } from '../../model/external.js';
import type { SnapshotService } from '../../ports/snapshots.js';
import { keyTrouble } from './key-trouble.js';
import { type KnownSnapshot, snapshotKey } from './snapshot-log.js';
import { ATTEMPT_TAG, COPY_TAG, lookByTag, type MakingDeps } from './take-set.js';

export interface CopyWish {
  /** `null` = where the snapshot is, in another account. */
  readonly region: string | null;
  /** ARN of the role of another account that the copy is made by and in; `null` = the caller's own account. */
  readonly role: string | null;
  /** `null` = as the source is encrypted. */
  readonly kmsKey: string | null;
  /** Copies into a region that run at once, of the whole account. */
  readonly maxPending: number;
}

/** A wish, once it is known where the snapshot is. */
export type CopyPlace = CopyWish & { readonly region: string };

/** `eu-west-1`, `eu-west-1 of account 444455556666` */
export function placeName({ region, role }: CopyPlace): string {
  return role === null ? region : `${region} of account ${accountOf(role)}`;
}

/** The account that an ARN names. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

export type CopyEnd =
  { readonly copy: KnownSnapshot; readonly how: 'made' | 'found' } | { readonly copy: null; readonly why: string };

function copyOf(
  source: SnapshotRecord,
  wish: CopyPlace,
  { id, attempt }: { id: string; attempt: string },
): KnownSnapshot {
  const { volume, node, instance, deviceName, claim } = source;
  const account = wish.role === null ? source.account : accountOf(wish.role);
  return {
    ...(wish.role === null ? {} : { role: wish.role }),
    ...{ account, region: wish.region, id, attempt, copyOf: snapshotKey(source) },
    ...{ volume, node, instance, deviceName, claim },
  };
}

async function thereAlready(
  source: SnapshotRecord,
  wish: CopyPlace,
  { service, deps }: { service: SnapshotService; deps: MakingDeps },
): Promise<KnownSnapshot | null> {
  const { log } = deps.book;
  const key = snapshotKey(source);
  const own = wish.role === null ? source.account : accountOf(wish.role);
  const isOpen = log.open.some(
    ({ what, region, account, of }) => what === 'copy' && region === wish.region && account === own && of.includes(key),
  );

  const tags = { [CASE_LABEL]: deps.caseToken, [COPY_TAG]: key };
  const found = await lookByTag(service, tags, { isCertain: !isOpen, pause: deps.pause });
  const view = found.find(({ state }) => state !== 'error');
  if (view === undefined) return null;
  const known = log.snapshots.find(({ region, id }) => region === view.region && id === view.id);
  if (known !== undefined) return known;
  const attempt = view.tags[ATTEMPT_TAG] ?? 'unknown';
  const copy = copyOf(source, wish, { id: view.id, attempt });
  await log.append({ event: 'made', attempt, how: 'found', snapshots: [copy], requestIds: [] });
  return copy;
}

/** Why a copy is not begun; `null` = nothing is against it. */
async function trouble(wish: CopyPlace, service: SnapshotService): Promise<string | null> {
  const wrongKey = wish.kmsKey === null ? null : keyTrouble(await service.key(wish.kmsKey), wish.kmsKey);
  if (wrongKey !== null) return wrongKey;
  const pending = await service.pendingSnapshots();
  if (pending < wish.maxPending) return null;
  return `${String(pending)} snapshots are being made in ${wish.region}, and ${String(wish.maxPending)} is what we use of its quota: repeat the command later, or with --whole-quota`;
}

/**
 * A copy of a completed snapshot in another region, once. `service` is of that region. Throws `PLATFORM_UNAUTHENTICATED`,
 * `PLATFORM_UNREACHABLE`, `STORAGE_*`.
 */
export async function copySnapshot(
  source: SnapshotRecord,
  wish: CopyPlace,
  { service, deps }: { readonly service: SnapshotService; readonly deps: MakingDeps },
): Promise<CopyEnd> {
  const already = await thereAlready(source, wish, { service, deps });
  if (already !== null) return { copy: already, how: 'found' };
  const against = await trouble(wish, service);
  if (against !== null) return { copy: null, why: against };
  const { book, caseToken } = deps;
  const attempt = deps.uuid();
  const key = snapshotKey(source);
  const tags = { [CASE_LABEL]: caseToken, [ATTEMPT_TAG]: attempt, [COPY_TAG]: key };
  const subject = `${key} to ${placeName(wish)}`;
  await book.changes.action({
    ...{ kind: 'copy-snapshot', subject, before: null, intended: { attempt, kmsKey: wish.kmsKey, tags } },
    ...{ undo: 'aws ec2 delete-snapshot, unless it is locked', reversibility: 'compensated' },
  });
  await book.log.append({
    ...{ event: 'intended', attempt, what: 'copy', of: [key] },
    ...{ account: wish.role === null ? source.account : accountOf(wish.role), region: wish.region },
  });
  const answer = await service.copy({
    ...{ snapshot: source.id, fromRegion: source.region, kmsKey: wish.kmsKey, tags },
    description: `case ${caseToken} of exhibit`,
  });
  const { requestIds, outcome } = answer;
  const effect = { kind: 'copy-snapshot', subject, outcome, auditIds: requestIds };
  if (outcome === 'refused') {
    await book.log.append({ event: 'refused', attempt, detail: answer.detail, requestIds });
    await book.changes.effect({ ...effect, detail: answer.detail, after: null });
    return { copy: null, why: answer.detail };
  }
  const found =
    outcome === 'done' ? [answer.made] : await lookByTag(service, tags, { isCertain: false, pause: deps.pause });
  const [made] = found.filter(({ id }) => id !== '');
  if (made === undefined) {
    const detail = outcome === 'done' ? 'the answer names no snapshot' : answer.detail;
    await book.changes.effect({ ...effect, outcome: 'unknown', detail, after: null });
    return {
      copy: null,
      why: `it is not known whether it was begun: ${detail}; repeat the command, which looks first`,
    };
  }
  const copy = copyOf(source, wish, { id: made.id, attempt });
  const how = outcome === 'done' ? 'made' : 'found';
  await book.log.append({ event: 'made', attempt, how, snapshots: [copy], requestIds });
  await book.changes.effect({ ...effect, outcome: 'done', detail: '', after: { id: made.id, region: wish.region } });
  return { copy, how: 'made' };
}
