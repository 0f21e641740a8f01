import type { NodeAccess } from '../../ports/node-access.js';
import { PATHS_SCRIPT } from './far-scripts.js';
import { runShort } from './run-short.js';

/** A folder on the node, without a link in its path. */
export interface FarFolder {
  /** Whose view of the filesystem: a process, or `-` for the node's root as the way sees it. */
  readonly view: string;
  /** Absolute in that view, bytes as Latin-1. */
  readonly path: string;
  /** `device:inode`: what makes sure later that it is still the same folder. */
  readonly identity: string;
}

interface FarPath {
  readonly type: string;
  readonly identity: string;
  readonly linkTarget: string;
}

/** As the kernel: links in all the components of one path. */
const MAX_LINKS = 40;

function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function prefixesOf(path: string): string[] {
  const parts = path.split('/').slice(1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

async function lookUp(
  { access, view, signal }: { access: NodeAccess; view: string; signal: AbortSignal },
  paths: readonly string[],
): Promise<Map<string, FarPath>> {
  const stdin = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const { bytes } = await runShort(access, { name: 'folders', script: PATHS_SCRIPT, args: [view], stdin, signal });
  const found = new Map<string, FarPath>();
  const fields = bytes.toString('latin1').split('\0');
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [type = '', identity = '', linkTarget = '', path = ''] = fields.slice(at, at + 4);
    found.set(path, { type: type.replace('\n', ''), identity, linkTarget });
  }
  return found;
}

/** The first link of a path, followed by us inside the view; `null` when there is none. */
function followed(path: string, known: ReadonlyMap<string, FarPath>): string | null {
  const link = prefixesOf(path).find((prefix) => known.get(prefix)?.type === 'l');
  if (link === undefined) return null;
  const target = known.get(link)?.linkTarget ?? '';
  const parent = link.slice(0, link.lastIndexOf('/'));
  return normalised(`${target.startsWith('/') ? target : `${parent}/${target}`}${path.slice(link.length)}`);
}

/**
 * Finds folders by names that may lead over links, which are followed step by step and never leave the view: an absolute link begins
 * at the view's root, and not at ours. `null` for what is no folder there. Throws what `runShort` throws.
 */
export async function resolveFolders(
  where: { readonly access: NodeAccess; readonly view: string; readonly signal: AbortSignal },
  paths: readonly string[],
): Promise<readonly (FarFolder | null)[]> {
  let current = paths.map((path) => normalised(path));
  const known = new Map<string, FarPath>();
  for (let round = 0; round < MAX_LINKS; round += 1) {
    const asked = [...new Set(current.flatMap(prefixesOf))].filter((path) => !known.has(path));
    for (const [path, facts] of asked.length === 0 ? [] : await lookUp(where, asked)) known.set(path, facts);
    const next = current.map((path) => followed(path, known) ?? path);
    const isDone = next.every((path, index) => path === current[index]);
    current = next;
    if (isDone) break;
  }
  return current.map((path) => {
    const facts = known.get(path);
    const isFolder = facts?.type === 'd' && followed(path, known) === null;
    return isFolder ? { view: where.view, path, identity: facts.identity } : null;
  });
}
