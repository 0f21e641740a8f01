import type { DiffEntry } from '../../model/diff-entry.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { nodeSubject } from '../node-subject.js';
import { captureFolder, type CapturedFolder } from './capture-folder.js';
import { compareLayers, type ComparedLayers } from './compare-layers.js';
import { writeDerived } from './derived-file.js';
import { entryRecord } from './entry-record.js';
import { locateContainer } from './locate-container.js';
import type { LocatedContainer, Place } from './located-container.js';
import { discoverContainers, discoverEarlier } from './discover-containers.js';
import type { DiffLimits, PlannedDiff, PlannedNode } from './planned-diff.js';
import { sourceRecord } from './source-record.js';
import { hasStoreCopies } from './stored-containers.js';
import { takePackages } from './take-packages.js';
import { takeVolumes, type TakenVolumes } from './take-volumes.js';
import { writeLayer, type LayerDraft, type WrittenLayer } from './write-layer.js';

const NEEDED_TOOLS = ['tar', 'find', 'stat', 'sha256sum', 'grep'];

function missingTools({ facts }: NodeAccess): string[] {
  return NEEDED_TOOLS.filter(
    (tool) => facts.tools[tool] === undefined || (tool === 'tar' && !facts.tools[tool].includes('GNU tar')),
  );
}

/** Ends the artifact as partly as its worst part did. */
function resultOf(parts: {
  readonly access: NodeAccess;
  readonly located: LocatedContainer;
  readonly captured: CapturedFolder;
  readonly compared: ComparedLayers;
  readonly volumes: TakenVolumes;
  readonly counts: ReadonlyMap<DiffEntry['class'], number>;
}): CollectResult {
  const { captured, compared, volumes, located } = parts;
  const bad = captured.results.find(({ outcome }) => outcome !== 'collected' && outcome !== 'empty');
  const proof = {
    end: 'complete',
    entries: captured.before.size,
    changed: captured.changed.size,
    appeared: captured.appeared,
    leftOut: captured.leftOut.size,
    layers: located.layers.lowers.length,
    volumes: volumes.taken,
    ...Object.fromEntries(parts.counts),
  };
  const isBlind = parts.access.facts.degraded.some(({ reason }) => reason === 'trusted-xattrs-unreadable');
  const isTrusted = located.mounts.layers?.userXattr !== true;
  const problems: (readonly [reason: string, detail: string])[] = [
    ...(bad === undefined ? [] : [[bad.reason, bad.detail] as const]),
    ...(captured.isTooMany
      ? [['limit', 'More entries than are judged one by one; the listing has all.'] as const]
      : []),
    ...(captured.leftOut.size > 0
      ? [
          [
            'limit',
            `${String(captured.leftOut.size)} files stay out of the archive; entries.jsonl names them.`,
          ] as const,
        ]
      : []),
    ...(isBlind && isTrusted
      ? [['degraded', 'trusted.* attributes are not readable: replaced and renamed folders do not show.'] as const]
      : []),
    ...located.disagreements.map(
      (detail) =>
        [
          located.mounts.runtimeLayers === null ? 'maybe-sandboxed' : 'layers-disagree',
          `In doubt: ${detail}.`,
        ] as const,
    ),
    ...(located.layers.missing.length > 0 ? [['layers-missing', 'Some layers below were not found.'] as const] : []),
    ...compared.base.problems.map((detail) => ['base-incomplete', detail] as const),
    ...volumes.problems.map((detail) => ['volume-incomplete', detail] as const),
  ];
  const first = problems[0];
  if (first === undefined) return { outcome: 'collected', reason: 'complete', detail: '', proof };
  const detail = problems.map(([, text]) => text).join(' ');
  return { outcome: 'partial', reason: first[0], detail: printable(detail), proof };
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 400);

function* records(compared: ComparedLayers, counts: Map<DiffEntry['class'], number>): Generator<DiffEntry> {
  for (const facts of compared.entries) {
    const record = entryRecord(facts);
    counts.set(record.class, (counts.get(record.class) ?? 0) + 1);
    yield record;
  }
}

async function layerOf(
  { archivePath }: CapturedFolder,
  draft: Omit<LayerDraft, 'upperPath'>,
  context: CollectContext,
): Promise<WrittenLayer | null> {
  if (archivePath === null) return null;
  return await writeLayer({ ...draft, upperPath: archivePath }, context);
}

async function takeLayer(
  located: LocatedContainer,
  place: Place,
  into: { folder: string; limits: DiffLimits },
): Promise<CapturedFolder> {
  return await captureFolder({
    ...place,
    folder: located.layers.upper,
    into: into.folder,
    maxBytes: into.limits.maxUpperBytes,
    maxEntries: into.limits.maxEntries,
    // Whatever the container wrote: histories and credentials, too.
    sensitivity: 'secret',
  });
}

interface Asked {
  readonly artifact: string;
  readonly collector: string;
  readonly limits: DiffLimits;
}

function lacking(access: NodeAccess): CollectResult | null {
  const missing = missingTools(access);
  if (missing.length === 0) return null;
  const detail = `The way to the node lacks ${missing.join(', ')}.`;
  return { outcome: 'skipped', reason: 'tool-missing', detail, proof: {} };
}

/** What an artifact without items may not be called, when the copies of the stores are its items. */
async function withStoreCopies(result: CollectResult, place: Place): Promise<CollectResult> {
  const isWithout = result.outcome === 'absent' || result.outcome === 'skipped';
  return isWithout && (await hasStoreCopies(place)) ? { ...result, outcome: 'partial' } : result;
}

/** The containers of a node that its runtimes' stores name, each as an artifact of its own. Throws as `readRuntimeStores`. */
export async function diffStoredContainers(
  planned: PlannedNode,
  { artifact, collector }: Asked,
  context: CollectContext,
): Promise<CollectResult> {
  const access = await context.nodeAccess(planned.node);
  const subject = nodeSubject({ uid: planned.nodeUid, machineId: planned.machineId });
  const place: Place = { access, context, artifact, collector, subject };
  return lacking(access) ?? (await withStoreCopies(await discoverContainers(planned, place), place));
}

/** Takes the writable layer of one container, and its volumes by policy, and says what in them is not as the image has it. */
export async function diffContainer(
  planned: PlannedDiff,
  { artifact, collector, limits }: Asked,
  context: CollectContext,
): Promise<CollectResult> {
  const access = await context.nodeAccess(planned.node);
  const missing = lacking(access);
  if (missing !== null) return missing;
  const subject = {
    ...nodeSubject({ uid: planned.nodeUid, machineId: planned.machineId }),
    ...(planned.uid === '' ? {} : { podUid: planned.uid }),
    ...(planned.containerId === null ? {} : { containerId: planned.containerId }),
  };
  const place: Place = { access, context, artifact, collector, subject };
  return await withStoreCopies(await diffInPlace(planned, limits, place), place);
}

async function diffInPlace(planned: PlannedDiff, limits: DiffLimits, place: Place): Promise<CollectResult> {
  const { access, context, artifact, collector, subject } = place;
  const folder = `${planned.folder}/diff`;
  const located = await locateContainer(planned, folder, place);
  if (planned.hasPrevious) await discoverEarlier(planned, place);
  if ('outcome' in located) return located;
  const captured = await takeLayer(located, place, { folder, limits });
  const mounted = located.mounts.layers?.userXattr ?? null;
  const compared = await compareLayers({ access, context, userXattr: mounted }, captured, located.layers);
  const counts = new Map<DiffEntry['class'], number>();
  const { vantage } = access.facts;
  const draft = { artifact, collector, subject, vantage };
  const derived = `data/derived/container-diff/${planned.derivedFolder}`;
  const userXattr = mounted === true;
  const layer = await layerOf(captured, { ...draft, folder: derived, sensitivity: 'secret', userXattr }, context);
  const packages = await takePackages({ layers: compared.base.layers, lowers: located.layers.lowers }, folder, place);
  const volumes = await takeVolumes(located, place, { folder, limits });
  const entries = function* (): Generator<DiffEntry> {
    yield* records(compared, counts);
    yield* volumes.entries;
  };
  const sources = [...captured.paths, ...volumes.paths];
  await writeDerived(
    { ...draft, path: `${derived}/entries.jsonl`, derivedFrom: sources, sensitivity: 'personal' },
    entries(),
    context,
  );
  await writeDerived(
    { ...draft, path: `${derived}/source.jsonl`, derivedFrom: located.sourcePaths, sensitivity: 'normal' },
    [sourceRecord({ planned, located, captured, compared, volumes, layer, packages, access })],
    context,
  );
  return resultOf({ access, located, captured, compared, volumes, counts });
}
