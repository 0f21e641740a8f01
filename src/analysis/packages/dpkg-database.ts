import type { PackageDatabase } from './package-database.js';

const LINE = /^([0-9a-f]{32}) {2}(\S.*)$/;

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

/** Package of `/var/lib/dpkg/info/libc6:amd64.md5sums`; `null` for a file that is no such list. */
export function packageOfMd5sums(path: string): string | null {
  return /^\/var\/lib\/dpkg\/info\/([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9-]+)?\.md5sums$/.exec(path)?.[1] ?? null;
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
