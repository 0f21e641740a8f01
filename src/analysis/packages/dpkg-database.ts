import type { PackageDatabase } from './package-database.js';

const LINE = /^([0-9a-f]{32}) {2}(?:\.\/)?(\S.*)$/;
const CONFFILE = /^ (\/\S.*) ([0-9a-f]{32})(?: .*)?$/;

/** `/a` diverted to `/a.distrib` by a package: the file of any other package lies at the second path. */
export interface DpkgDiversion {
  readonly from: string;
  readonly to: string;
  readonly by: string;
}

/** `/var/lib/dpkg/diversions`: three lines each. Latin-1. */
export function parseDpkgDiversions(text: string): readonly DpkgDiversion[] {
  const lines = text.split('\n');
  const diversions: DpkgDiversion[] = [];
  for (let at = 0; at + 2 < lines.length; at += 3)
    diversions.push({ from: lines[at] ?? '', to: lines[at + 1] ?? '', by: lines[at + 2] ?? '' });
  return diversions;
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
  for (const line of text.split('\n')) {
    if (line.startsWith('Package: ')) name = line.slice(9);
    else if (line.startsWith('Version: ')) database.addVersion(name, line.slice(9));
    const [, path, digest] = CONFFILE.exec(line) ?? [];
    if (path === undefined || digest === undefined) continue;
    database.add(path, { package: name, digestName: 'md5', digest, isConfiguration: true });
  }
}

/** Adds the files of one `.md5sums`; lines that are none are skipped and counted. Configuration files are not in it. */
export function addDpkgFiles(
  database: PackageDatabase,
  list: { readonly package: string; readonly text: string },
  diversions: readonly DpkgDiversion[],
): number {
  const diverted = new Map(diversions.filter(({ by }) => by !== list.package).map(({ from, to }) => [from, to]));
  let strange = 0;
  for (const line of list.text.split('\n')) {
    if (line === '') continue;
    const [, digest, name] = LINE.exec(line) ?? [];
    if (digest === undefined || name === undefined) {
      strange += 1;
      continue;
    }
    const path = `/${name}`;
    database.add(diverted.get(path) ?? path, { package: list.package, digestName: 'md5', digest });
  }
  return strange;
}
