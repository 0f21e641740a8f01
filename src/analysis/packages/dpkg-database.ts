import type { PackageDatabase } from './package-database.js';
import { textLines } from './text-lines.js';

const LINE = /^([0-9a-f]{32}) {2}(?:\.\/)?(\S.*)$/;
const MD5 = /^[0-9a-f]{32}$/;
/** After its digest a configuration file may be `obsolete` and `remove-on-upgrade`. */
const MAX_MARKS = 2;
/** No path is longer than half of it. */
const MAX_LINE_BYTES = 8192;
/** A large system has some hundred. */
const MAX_DIVERSIONS = 100_000;

/** `/a` diverted to `/a.distrib` by a package: the file of any other package lies at the second path. */
export interface DpkgDiversions {
  /** By the first path. */
  readonly byPath: ReadonlyMap<string, { readonly to: string; readonly by: string }>;
  /** There are more than are held. */
  readonly isCut: boolean;
}

/** `/var/lib/dpkg/diversions`: three lines each. Latin-1. */
export function parseDpkgDiversions(text: string): DpkgDiversions {
  const byPath = new Map<string, { readonly to: string; readonly by: string }>();
  let lines: string[] = [];
  for (const line of textLines(text)) {
    lines.push(line);
    const [from, to, by] = lines;
    if (from === undefined || to === undefined || by === undefined) continue;
    if (byPath.size >= MAX_DIVERSIONS) return { byPath, isCut: true };
    byPath.set(from, { to, by });
    lines = [];
  }
  return { byPath, isCut: false };
}

/** A line of `Conffiles:` is ` /PATH MD5`, with marks behind it; paths may have spaces. No expression: lines are as long as they like. */
function conffileOf(line: string): { readonly path: string; readonly digest: string } | null {
  if (line.length > MAX_LINE_BYTES || !line.startsWith(' /')) return null;
  let rest = line;
  for (let marks = 0; marks <= MAX_MARKS; marks += 1) {
    const at = rest.lastIndexOf(' ');
    const digest = rest.slice(at + 1);
    // Before it stands a space of its own and at least the root.
    if (at > 2 && MD5.test(digest)) return { path: rest.slice(1, at), digest };
    rest = rest.slice(0, Math.max(at, 0));
  }
  return null;
}

/** Package of `/var/lib/dpkg/info/libc6:amd64.md5sums`, or of such a list of an image without dpkg; `null` = no such list. */
export function packageOfMd5sums(path: string): string | null {
  return (
    /^\/var\/lib\/dpkg\/(?:info|status\.d)\/([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9-]+)?\.md5sums$/.exec(path)?.[1] ?? null
  );
}

/** Adds versions and configuration files of `/var/lib/dpkg/status`, or of one package's part of it in `status.d`. Latin-1. */
export function addDpkgStatus(database: PackageDatabase, text: string): void {
  let name = '';
  for (const line of textLines(text)) {
    if (line.startsWith('Package: ')) name = line.slice(9);
    else if (line.startsWith('Version: ')) database.addVersion(name, line.slice(9));
    const found = conffileOf(line);
    if (found === null) continue;
    database.add(found.path, { package: name, digestName: 'md5', digest: found.digest, isConfiguration: true });
  }
}

/** Adds the files of one `.md5sums`; lines that are none are skipped and counted. Configuration files are not in it. */
export function addDpkgFiles(
  database: PackageDatabase,
  list: { readonly package: string; readonly text: string },
  { byPath }: Pick<DpkgDiversions, 'byPath'>,
): number {
  let strange = 0;
  for (const line of textLines(list.text)) {
    if (line === '') continue;
    const [, digest, name] = line.length > MAX_LINE_BYTES ? [] : (LINE.exec(line) ?? []);
    if (digest === undefined || name === undefined) {
      strange += 1;
      continue;
    }
    const path = `/${name}`;
    const diverted = byPath.get(path);
    const at = diverted === undefined || diverted.by === list.package ? path : diverted.to;
    database.add(at, { package: list.package, digestName: 'md5', digest });
  }
  return strange;
}
