import { posix } from 'node:path';

/** A byte that a POSIX shell, its `read` and its `printf %b` take as it is. */
const PLAIN = /[^A-Za-z0-9._/@+:=-]/g;

const encode = (latin1: string): string =>
  latin1.replace(PLAIN, (character) => `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** As the replacement of tar's `--transform=s,A,B,`. */
const escapeReplacement = (latin1: string): string => latin1.replace(/[\\&,]/g, '\\$&');

const folderOf = (path: string): string => posix.dirname(path).replace(/^\/$/, '');

function folderLine(folder: string): string {
  const inside = folder === '' ? '' : `${folder.slice(1)}/`;
  return `D${encode(folder)}\t${encode(escapeReplacement(inside))}\n`;
}

/** Bytes that a file adds to the lines at most: its own, and those of its folder, which it may be the first of. */
export function folderLinesBytes(path: string): number {
  return folderLine(folderOf(path)).length + encode(posix.basename(path)).length + 3;
}

/**
 * What a script that reads by folders is given: per folder `D<folder> TAB <the same for tar>`, its files as `F<name>`, and an empty line. Bytes
 * that a shell might take for more than themselves stand as `\0ooo`. Paths are absolute, Latin-1; folders in the order of their first file.
 */
export function folderLines(paths: Iterable<string>): Buffer {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const folder = folderOf(path);
    const names = folders.get(folder) ?? [];
    names.push(posix.basename(path));
    folders.set(folder, names);
  }
  const parts = [...folders].map(
    ([folder, names]) => `${folderLine(folder)}${names.map((name) => `F${encode(name)}\n`).join('')}\n`,
  );
  return Buffer.from(parts.join(''), 'latin1');
}
