import { ExhibitError } from '../../model/errors.js';
import { CASE_LABEL } from '../../model/collector-pod-settings.js';
import type { SnapshotService, SnapshotView, TakeRequest } from '../../ports/snapshots.js';
import type { KnownSnapshot } from './snapshot-log.js';
import type { SnapshotRecordBook } from './snapshot-record.js';
import type { SnapshotSource, SourceVolume } from './snapshot-source.js';
import { tagsToCopy } from './tags-to-copy.js';

/** With the case's, on each snapshot: which call made it. */
export const ATTEMPT_TAG = 'kubexhibit.dev/attempt';
/** On a copy: `REGION/ID` of what it is a copy of. */
export const COPY_TAG = 'kubexhibit.dev/copy-of';

/** After a lost answer: what was made shows up under its tag within seconds. */
const LOOKS_MS = [0, 1000, 2000, 4000, 8000];

export interface MakingDeps {
  readonly book: SnapshotRecordBook;
  readonly caseToken: string;
  readonly uuid: () => string;
  readonly pause: (ms: number) => Promise<void>;
}

export interface TakenSet {
  readonly taken: readonly { readonly snapshot: KnownSnapshot; readonly how: 'made' | 'found' }[];
  /** Volumes of which there is no snapshot, and why. */
  readonly failed: readonly { readonly volume: SourceVolume; readonly why: string }[];
}

interface Taking {
  readonly source: SnapshotSource;
  readonly service: SnapshotService;
  readonly deps: MakingDeps;
}

/** Newest first, so that the first one of a volume counts. */
function byAge(a: SnapshotView, b: SnapshotView): number {
  return (b.startedAt ?? '').localeCompare(a.startedAt ?? '');
}

function isUsable({ state, tags }: SnapshotView): boolean {
  return state !== 'error' && tags[COPY_TAG] === undefined;
}

function knownOf(view: SnapshotView, { source, attempt }: { source: SnapshotSource; attempt: string }): KnownSnapshot {
  const volume = [...source.wanted, ...source.left].find(({ id }) => id === view.volume);
  const { account, region, id } = view;
  return {
    ...{ account, region, id, attempt, copyOf: null },
    volume: view.volume,
    node: source.node,
    instance: source.instance,
    deviceName: volume === undefined || volume.deviceName === '' ? null : volume.deviceName,
    claim: volume?.claim ?? null,
    ...(volume === undefined
      ? {}
      : { volumeTags: Object.entries(volume.tags).map(([key, value]) => ({ key, value })) }),
  };
}

/** Looks by tag until there is something, or the time is over in which it shows up. */
export async function lookByTag(
  service: SnapshotService,
  tags: Readonly<Record<string, string>>,
  { isCertain, pause }: { readonly isCertain: boolean; readonly pause: MakingDeps['pause'] },
): Promise<readonly SnapshotView[]> {
  for (const ms of isCertain ? [0] : LOOKS_MS) {
    if (ms > 0) await pause(ms);
    const { snapshots } = await service.find(tags);
    if (snapshots.length > 0) return snapshots;
  }
  return [];
}

/** Snapshots of the case that there are already, one a volume, also those of a call of which nobody heard the end. */
async function alreadyThere({ source, service, deps }: Taking): Promise<readonly SnapshotView[]> {
  const { book, caseToken, pause } = deps;
  const ids = source.wanted.map(({ id }) => id);
  const open = book.log.open.filter(
    ({ what, region, of }) => what === 'take' && region === source.region && of.some((id) => ids.includes(id)),
  );
  for (const { attempt } of open) {
    const tags = { [CASE_LABEL]: caseToken, [ATTEMPT_TAG]: attempt };
    const found = await lookByTag(service, tags, { isCertain: false, pause });
    await adopt(found.filter(isUsable), { source, deps }, attempt);
  }
  const { snapshots } = await service.find({ [CASE_LABEL]: caseToken });
  const usable = snapshots.filter(isUsable).sort(byAge);
  return ids.flatMap((id) => usable.find(({ volume }) => volume === id) ?? []);
}

async function adopt(
  views: readonly SnapshotView[],
  { source, deps }: Pick<Taking, 'source' | 'deps'>,
  attempt: string,
): Promise<readonly KnownSnapshot[]> {
  const snapshots = views.map((view) => knownOf(view, { source, attempt }));
  await deps.book.log.append({ event: 'made', attempt, how: 'found', snapshots, requestIds: [] });
  return snapshots;
}

/** What the case's own log knows of a snapshot counts; one that it does not know is taken into it. */
async function knownFor(view: SnapshotView, taking: Taking): Promise<KnownSnapshot> {
  const { log } = taking.deps.book;
  const known = log.snapshots.find(({ region, id }) => region === view.region && id === view.id);
  if (known !== undefined) return known;
  const attempt = view.tags[ATTEMPT_TAG] ?? 'unknown';
  const [adopted] = await adopt([view], taking, attempt);
  return adopted ?? knownOf(view, { source: taking.source, attempt });
}

function requestOf({ source }: Taking, volumes: readonly SourceVolume[], tags: TakeRequest['tags']): TakeRequest {
  const description = `case ${tags[CASE_LABEL] ?? ''} of exhibit`;
  const [first] = volumes;
  const { tags: copied, isCopiedByPlatform: copyTags } = tagsToCopy(volumes, source.instance !== null);
  const all = { ...copied, ...tags };
  if (source.instance === null) return { tags: all, description, volume: first?.id ?? '' };
  const left = [...source.wanted, ...source.left].filter(({ id }) => !volumes.some((one) => one.id === id));
  return {
    ...{ tags: all, copyTags, description, instance: source.instance },
    excludeRoot: left.some(({ isRoot }) => isRoot),
    excludeVolumes: left.filter(({ isRoot }) => !isRoot).map(({ id }) => id),
  };
}

/** One call, written down before it is sent; after a lost answer it is looked for by its tag before it is sent once more. */
async function takeOnce(taking: Taking, volumes: readonly SourceVolume[]): Promise<TakenSet> {
  const { source, service, deps } = taking;
  const { book, caseToken } = deps;
  const attempt = deps.uuid();
  const of = volumes.map(({ id }) => id);
  const subject = source.instance ?? of.join(', ');
  const tags = { [CASE_LABEL]: caseToken, [ATTEMPT_TAG]: attempt };
  await book.changes.action({
    ...{ kind: 'create-snapshots', subject, before: null, intended: { attempt, volumes: of, tags } },
    ...{ undo: 'aws ec2 delete-snapshot, unless it is locked', reversibility: 'compensated' },
  });
  await book.log.append({
    ...{ event: 'intended', attempt, what: 'take', of },
    ...{ account: source.account, region: source.region },
  });
  const effect = async (outcome: 'done' | 'refused' | 'unknown', rest: EffectRest): Promise<void> =>
    await book.changes.effect({
      ...{ kind: 'create-snapshots', subject, outcome, detail: rest.detail },
      ...{ auditIds: rest.requestIds, after: rest.made.map(({ id, volume }) => ({ id, volume })) },
    });
  for (let call = 1; ; call += 1) {
    const answer = await service.take(requestOf(taking, volumes, tags));
    const { requestIds } = answer;
    if (answer.outcome === 'refused') {
      await book.log.append({ event: 'refused', attempt, detail: answer.detail, requestIds });
      await effect('refused', { detail: answer.detail, requestIds, made: [] });
      return { taken: [], failed: volumes.map((volume) => ({ volume, why: answer.detail })) };
    }
    // What answers with no snapshot may not be EC2.
    const isDone = answer.outcome === 'done' && answer.made.length > 0;
    const made = isDone ? answer.made : await lookByTag(service, tags, { isCertain: false, pause: deps.pause });
    if (made.length > 0) {
      const snapshots = made.map((view) => knownOf(view, { source, attempt }));
      await book.log.append({ event: 'made', attempt, how: isDone ? 'made' : 'found', snapshots, requestIds });
      const detail = isDone ? '' : 'the answer was lost, and they were found by their tag';
      await effect('done', { detail, requestIds, made });
      const missing = volumes.filter(({ id }) => !made.some(({ volume }) => volume === id));
      return {
        taken: snapshots.map((snapshot) => ({ snapshot, how: 'made' as const })),
        failed: missing.map((volume) => ({ volume, why: 'the answer names no snapshot of it' })),
      };
    }
    const unknown = answer.outcome === 'unknown' ? answer.detail : 'the answer names no snapshot';
    await effect('unknown', { detail: unknown, requestIds, made: [] });
    if (call === 2) throw lost(subject, unknown);
  }
}

interface EffectRest {
  readonly detail: string;
  readonly requestIds: readonly string[];
  readonly made: readonly SnapshotView[];
}

function lost(subject: string, detail: string): ExhibitError {
  return new ExhibitError('PLATFORM_UNREACHABLE', `the answer to the call was lost twice: ${detail}`, {
    subject,
    retryable: true,
    safe: 'The call is in the case with its tag: the same command looks for what it made before it makes more.',
  });
}

/**
 * Snapshots of the wanted volumes: those that the case has already, and for the others one call for a machine, or one for each volume.
 * `again`: what there is already does not count. Throws `PLATFORM_UNAUTHENTICATED`, `PLATFORM_UNREACHABLE`, `STORAGE_*`.
 */
export async function takeSet(
  source: SnapshotSource,
  service: SnapshotService,
  { again, ...deps }: MakingDeps & { readonly again: boolean },
): Promise<TakenSet> {
  const taking = { source, service, deps };
  const there = await alreadyThere(taking);
  const counted = again ? [] : there;
  const taken: TakenSet['taken'][number][] = [];
  for (const view of counted) taken.push({ snapshot: await knownFor(view, taking), how: 'found' });
  const missing = source.wanted.filter(({ id }) => !counted.some(({ volume }) => volume === id));
  const calls = source.instance === null ? missing.map((one) => [one]) : missing.length === 0 ? [] : [missing];
  const failed: TakenSet['failed'][number][] = [];
  for (const volumes of calls) {
    const set = await takeOnce(taking, volumes);
    taken.push(...set.taken);
    failed.push(...set.failed);
  }
  return { taken, failed };
}
