import type { DiffEntry } from '../../model/diff-entry.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { captureFolder, type CapturedFolder } from './capture-folder.js';
import { compareLayers, type ComparedLayers } from './compare-layers.js';
import { writeDerived } from './derived-file.js';
import { entryRecord } from './entry-record.js';
import { locateContainer, type LocatedContainer, type Place } from './locate-container.js';
import type { DiffLimits, PlannedDiff } from './planned-diff.js';
import { sourceRecord } from './source-record.js';
import { takeVolumes, type TakenVolumes } from './take-volumes.js';

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

/** Takes the writable layer of one container, and its volumes by policy, and says what in them is not as the image has it. */
export async function diffContainer(
  planned: PlannedDiff,
  {
    artifact,
    collector,
    limits,
  }: { readonly artifact: string; readonly collector: string; readonly limits: DiffLimits },
  context: CollectContext,
): Promise<CollectResult> {
  const access = await context.nodeAccess(planned.node);
  const missing = missingTools(access);
  if (missing.length > 0)
    return {
      outcome: 'skipped',
      reason: 'tool-missing',
      detail: `The way to the node lacks ${missing.join(', ')}.`,
      proof: {},
    };
  const subject = {
    ...(planned.nodeUid === '' ? {} : { nodeUid: planned.nodeUid }),
    ...(planned.machineId === '' ? {} : { machineId: planned.machineId }),
    ...(planned.uid === '' ? {} : { podUid: planned.uid }),
    ...(planned.containerId === null ? {} : { containerId: planned.containerId }),
  };
  const place: Place = { access, context, artifact, collector, subject };
  const folder = `data/pods/${planned.folder}/diff`;
  const located = await locateContainer(planned, folder, place);
  if ('outcome' in located) return located;
  const captured = await takeLayer(located, place, { folder, limits });
  const compared = await compareLayers({ access, context }, captured, located.layers);
  const counts = new Map<DiffEntry['class'], number>();
  const { vantage } = access.facts;
  const draft = { artifact, collector, subject, vantage };
  const derived = `data/derived/container-diff/${planned.derivedFolder}`;
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
    { ...draft, path: `${derived}/source.jsonl`, derivedFrom: [located.mountsPath], sensitivity: 'normal' },
    [sourceRecord({ planned, located, captured, compared, volumes, access })],
    context,
  );
  return resultOf({ access, located, captured, compared, volumes, counts });
}
