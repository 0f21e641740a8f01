import type { PackagesRecord } from '../../model/diff-entry.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { captureCommand } from '../capture-command.js';
import { concernsOneAnswer } from '../interrupted.js';
import type { BaseEntry, BaseLayers } from './base-layers.js';
import { ATTRIBUTES_SCRIPT } from './far-scripts.js';
import type { Place } from './located-container.js';
import type { FarFolder } from './resolve-folders.js';

/** Files that say which package has a file: of dpkg, apk and rpm. The others in these folders say nothing of that. */
const PACKAGE_FILE =
  /^(?:var\/lib\/dpkg\/(?:status|diversions|info\/[^/]+\.md5sums|status\.d\/[^/]+)|(?:usr\/)?lib\/apk\/db\/installed|(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/(?:rpmdb\.sqlite(?:-wal)?|Packages(?:\.db)?))$/;
const FOLDERS = [
  ...['var', 'var/lib', 'var/lib/dpkg', 'var/lib/dpkg/info', 'var/lib/dpkg/status.d', 'var/lib/rpm'],
  ...['lib', 'lib/apk', 'lib/apk/db', 'usr', 'usr/lib', 'usr/lib/apk', 'usr/lib/apk/db'],
  ...['usr/lib/sysimage', 'usr/lib/sysimage/rpm', 'usr/share', 'usr/share/rpm'],
];
const TOPMOST = [
  'var/lib/dpkg',
  'lib/apk/db',
  'usr/lib/apk/db',
  'var/lib/rpm',
  'usr/lib/sysimage/rpm',
  'usr/share/rpm',
];

/** Of one image; rpm's of a large one has 100 MB. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_FILES = 30_000;
const LIMIT = 'limit';
/** Headers of a member with a long name. */
const HEADER_BYTES = 4096;

/** Whether the layers below are listed for this path, whatever the writable layer says of it. */
export function isPackagePath(path: string): boolean {
  return PACKAGE_FILE.test(path) || FOLDERS.includes(path);
}

interface Image {
  readonly layers: BaseLayers;
  /** The uppermost first. */
  readonly lowers: readonly FarFolder[];
}

interface Chosen {
  readonly files: readonly BaseEntry[];
  readonly sizeBytes: number;
  readonly leftOut: number;
}

function chosenOf(layers: BaseLayers): Chosen {
  const all = TOPMOST.flatMap((folder) => layers.below(folder)).filter(
    ({ path, entry }) => entry.type === 'file' && PACKAGE_FILE.test(path),
  );
  let sizeBytes = 0;
  const files = all.slice(0, MAX_FILES).filter(({ entry }) => {
    const fits = sizeBytes + entry.sizeBytes <= MAX_BYTES;
    if (fits) sizeBytes += entry.sizeBytes;
    return fits;
  });
  return { files, sizeBytes, leftOut: all.length - files.length };
}

async function take({ layers, lowers }: Image, folder: string, place: Place): Promise<PackagesRecord> {
  const { access, context, artifact, collector, subject } = place;
  const { files, sizeBytes, leftOut } = chosenOf(layers);
  const record = { path: null, files: files.length, leftOut, problem: leftOut > 0 ? LIMIT : null };
  if (files.length === 0) return record;
  const names = files.map(({ layer, path }) => `${lowers[layer]?.path.slice(1) ?? ''}/${path}\0`);
  const { result, path } = await captureCommand(
    {
      access,
      command: {
        name: 'packages',
        script: ATTRIBUTES_SCRIPT,
        args: [lowers[0]?.view ?? '-'],
        stdin: Buffer.from(names.join(''), 'latin1'),
        maxBytes: sizeBytes + (files.length + 16) * HEADER_BYTES,
        idleTimeoutMs: context.limits.idleTimeoutMs,
      },
      draft: { path: `${folder}/packages.tar`, artifact, collector, sensitivity: 'normal' },
      subject,
    },
    context,
  );
  return { ...record, path, problem: result.outcome === 'collected' ? record.problem : result.reason };
}

/** By the layers of the image: its containers share what the first of them took. */
const taken = new WeakMap<NodeAccess, Map<string, Promise<PackagesRecord>>>();

/**
 * Takes the files in which the image's package managers say which package has which file, as the layers show them, once for all containers
 * of the same layers on a node. The names in the archive are those on the node. What does not come is a problem and ends nothing else.
 */
export async function takePackages(image: Image, folder: string, place: Place): Promise<PackagesRecord> {
  const known = taken.get(place.access) ?? new Map<string, Promise<PackagesRecord>>();
  taken.set(place.access, known);
  const key = image.lowers.map(({ view, path, identity }) => [view, path, identity].join('|')).join('\n');
  const taking = known.get(key) ?? take(image, folder, place);
  known.set(key, taking);
  try {
    const record = await taking;
    // What is too much for one container is too much for the next one, too.
    if (record.problem !== null && record.problem !== LIMIT) known.delete(key);
    return record;
  } catch (error) {
    known.delete(key);
    if (!concernsOneAnswer(error)) throw error;
    return { path: null, files: 0, leftOut: 0, problem: 'no-answer' };
  }
}
