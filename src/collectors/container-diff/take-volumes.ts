import type { DiffEntry, VolumeRecord } from '../../model/diff-entry.js';
import { concernsOneAnswer } from '../interrupted.js';
import { captureFolder, captureNames, type CapturedFolder, type FolderRequest } from './capture-folder.js';
import { entryRecord, namedOf } from './entry-record.js';
import type { LocatedContainer, Place } from './located-container.js';
import type { DiffLimits } from './planned-diff.js';
import { resolveFolders, type FarFolder } from './resolve-folders.js';
import { policyOf, volumeOf, type MountedVolume } from './volume-kind.js';
import { UNREAD } from './upper-content.js';

export interface TakenVolumes {
  /** One line of source.jsonl's list for each mount that is no system one. */
  readonly records: readonly VolumeRecord[];
  readonly entries: Iterable<DiffEntry>;
  /** Payload that was written. */
  readonly paths: readonly string[];
  readonly problems: readonly string[];
  /** Volumes of which something was taken. */
  readonly taken: number;
}

/** Volumes of one container that are looked at; a pod has a few. */
const MAX_VOLUMES = 64;

function recordOf(
  volume: MountedVolume,
  policy: VolumeRecord['policy'],
  became: Pick<VolumeRecord, 'outcome' | 'folder'>,
): VolumeRecord {
  const { mount, kind, name } = volume;
  return {
    folder: became.folder,
    kind,
    name: name === null ? null : namedOf(name).path,
    mountPoint: namedOf(mount.mountPoint).path,
    mountPointB64: namedOf(mount.mountPoint).pathB64,
    device: mount.device,
    root: namedOf(mount.root).path,
    fsType: namedOf(mount.fsType).path,
    readOnly: mount.options.includes('ro'),
    policy,
    outcome: became.outcome,
  };
}

function* entriesOf(captured: CapturedFolder, volume: MountedVolume): Generator<DiffEntry> {
  for (const path of [...captured.before.keys()].toSorted()) {
    const entry = captured.before.get(path);
    if (entry === undefined || path === '') continue;
    const own = captured.content.entries.get(path);
    const first = own?.hardLinkTo === null ? undefined : captured.content.entries.get(own?.hardLinkTo ?? '');
    const archived = first ?? own;
    yield entryRecord({
      compared: {
        entry,
        archived: archived ?? UNREAD,
        // Where no overlay is, its marks mean nothing: a device 0/0 in a volume deletes nothing.
        marks: { whiteout: null, opaque: false, redirect: null, metacopy: false },
        base: null,
        baseSha256: null,
        baseXattrs: null,
      },
      judgement: { class: 'added', differs: [] },
      isBelowOpaque: false,
      changedDuringRead: captured.changed.has(path),
      notes: captured.leftOut.has(path) ? ['left-out'] : [],
      hidden: null,
      renamedFrom: null,
      volume: { kind: volume.kind, mountPoint: namedOf(volume.mount.mountPoint).path },
      prefix: volume.mount.mountPoint,
    });
  }
}

/**
 * What lies outside the layers: content of emptyDir, /dev/shm and writable tmpfs, names of what else the pod mounts, nothing of the
 * system's own. Read in the view of the container's process; where it has none, where the node keeps what was mounted into it. Through no
 * link that leads out of either.
 */
export async function takeVolumes(
  located: LocatedContainer,
  place: Place,
  { folder, limits }: { readonly folder: string; readonly limits: DiffLimits },
): Promise<TakenVolumes> {
  const records: VolumeRecord[] = [];
  const entries: Iterable<DiffEntry>[] = [];
  const paths: string[] = [];
  const problems: string[] = [];
  let taken = 0;
  const volumes = located.mounts.others
    .map((mount) => volumeOf(mount, located.mounts.onNode))
    .filter(({ kind }) => kind !== 'system');
  if (volumes.length > MAX_VOLUMES) problems.push('there are more mounts than are looked at');
  for (const [index, volume] of volumes.slice(0, MAX_VOLUMES).entries()) {
    const policy = policyOf(volume);
    const one = await takeVolume(volume, { located, place, into: `${folder}/v${String(index)}`, limits });
    const hasPayload = one.paths.length > 0;
    records.push(recordOf(volume, policy, { outcome: one.outcome, folder: hasPayload ? `v${String(index)}` : null }));
    problems.push(...one.problems.map((problem) => `${volume.kind}: ${problem}`));
    paths.push(...one.paths);
    entries.push(one.entries);
    if (one.isFound) taken += 1;
  }
  return { records, entries: chained(entries), paths, problems, taken };
}

function* chained(all: readonly Iterable<DiffEntry>[]): Generator<DiffEntry> {
  for (const one of all) yield* one;
}

interface TakenVolume {
  readonly isFound: boolean;
  readonly outcome: string;
  readonly problems: readonly string[];
  readonly paths: readonly string[];
  readonly entries: Iterable<DiffEntry>;
}

const NOTHING = { isFound: false, problems: [], paths: [], entries: [] };

/** A volume that does not answer (a dead NFS or FUSE) is a problem of its own and takes nothing else with it. */
async function takeVolume(
  volume: MountedVolume,
  {
    located,
    place,
    into,
    limits,
  }: {
    readonly located: LocatedContainer;
    readonly place: Place;
    readonly into: string;
    readonly limits: DiffLimits;
  },
): Promise<TakenVolume> {
  const policy = policyOf(volume);
  if (policy === 'none') return { ...NOTHING, outcome: 'named' };
  try {
    const found = await folderOf(volume, located, place);
    if (found === null) return { ...NOTHING, outcome: 'no-folder' };
    const { maxVolumeBytes: maxBytes, maxEntries } = limits;
    const request: FolderRequest = { ...place, folder: found, into, maxBytes, maxEntries, sensitivity: 'secret' };
    return policy === 'names' ? await namesOf(request) : await contentOf(request, volume);
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return { ...NOTHING, outcome: 'no-answer', problems: ['no-answer'] };
  }
}

async function folderOf(
  { mount }: MountedVolume,
  { process }: LocatedContainer,
  place: Place,
): Promise<FarFolder | null> {
  const isRunning = process !== null;
  const where = { access: place.access, view: isRunning ? String(process.pid) : '-', signal: place.context.signal };
  return (await resolveFolders(where, [isRunning ? mount.mountPoint : mount.root]))[0] ?? null;
}

async function namesOf(request: FolderRequest): Promise<TakenVolume> {
  const { path, outcome } = await captureNames(request);
  const problems = outcome === 'taken' || outcome === 'empty' ? [] : [`names: ${outcome}`];
  return { isFound: true, outcome, problems, paths: path === null ? [] : [path], entries: [] };
}

async function contentOf(request: FolderRequest, volume: MountedVolume): Promise<TakenVolume> {
  const captured = await captureFolder(request);
  const bad = captured.results.find(({ outcome }) => outcome !== 'collected');
  return {
    isFound: true,
    outcome: bad?.reason ?? 'taken',
    problems: [
      ...(bad === undefined ? [] : [bad.reason]),
      ...(captured.leftOut.size === 0 ? [] : [`${String(captured.leftOut.size)} files left out`]),
    ],
    paths: captured.paths,
    entries: entriesOf(captured, volume),
  };
}
