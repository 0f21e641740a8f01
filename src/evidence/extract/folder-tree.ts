import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, statSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../model/errors.js';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

interface Level {
  readonly segment: string;
  readonly fd: number;
  /** Reaches the directory that `fd` holds, whatever name it has by now; the plain path where the system has no such thing. */
  readonly path: string;
}

/**
 * Walks a folder by descriptors that stay open from the root down, as openat(2) does: on Linux no name above the last one is looked up
 * twice, so that a folder which somebody exchanges for a link on the way leads nowhere else. Elsewhere O_NOFOLLOW guards each folder when
 * it is entered. Paths come in bytewise order, so each folder is entered once.
 */
export class FolderTree {
  readonly #levels: Level[];
  readonly #creates: boolean;
  readonly #syncs: boolean;

  /**
   * `creates`: folders are made on the way and must not be there before. `syncs`: each is brought to the disk when it is left. Throws
   * system errors.
   */
  constructor(root: string, { creates, syncs }: { readonly creates: boolean; readonly syncs: boolean }) {
    const fd = openSync(root, DIRECTORY);
    this.#creates = creates;
    this.#syncs = syncs;
    this.#levels = [{ segment: '', fd, path: pathOf(fd, root) }];
  }

  /** The path by which the file can be opened. Throws the system's `EEXIST` when a folder is there that this walk did not make. */
  locate(path: string): string {
    const segments = path.split('/');
    const name = segments.pop() ?? '';
    const common = this.#common(segments);
    this.#leave(common + 1);
    for (const segment of segments.slice(common)) this.#enter(segment);
    return join(this.#levels.at(-1)?.path ?? '', name);
  }

  /** Leaves all folders. */
  close(): void {
    this.#leave(0);
  }

  /** How many of the folders are those that the walk is in. */
  #common(segments: readonly string[]): number {
    let common = 0;
    while (common < segments.length && this.#levels[common + 1]?.segment === segments[common]) common += 1;
    return common;
  }

  #enter(segment: string): void {
    const path = join(this.#levels.at(-1)?.path ?? '', segment);
    if (this.#creates) mkdirSync(path, { mode: 0o700 });
    const fd = openSync(path, DIRECTORY);
    this.#levels.push({ segment, fd, path: pathOf(fd, path) });
  }

  #leave(depth: number): void {
    while (this.#levels.length > depth) {
      const level = this.#levels.pop();
      if (level === undefined) return;
      try {
        if (this.#syncs) syncFolder(level.fd);
      } finally {
        closeSync(level.fd);
      }
    }
  }
}

function syncFolder(fd: number): void {
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some file systems cannot sync a directory; there is nothing more that a program can do on them.
    if (errnoOf(error) !== 'EINVAL') throw error;
  }
}

function pathOf(fd: number, plain: string): string {
  const held = `/proc/self/fd/${String(fd)}`;
  try {
    return isSame(statSync(held, { bigint: true }), fstatSync(fd, { bigint: true })) ? held : plain;
  } catch {
    return plain;
  }
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
