import { Namespaces } from './namespaces.js';
import type { Handles } from './namespace-records.js';

/** What a script is given: bytes for its standard input, and the same as the reader of its output needs it. */
export interface NamespaceInput {
  readonly stdin: Buffer;
  readonly handles: Handles;
}

const NUL = Buffer.from([0]);
const THROUGH_PROCESS = /^(\d{1,10})\/ns\/net$/;

/** The way of the given round to each namespace that is not done; one that has no such way is left out. */
function handlesOf(namespaces: Namespaces, round: number, done: ReadonlySet<string>): Map<string, string> {
  const handles = new Map<string, string>();
  for (const namespace of namespaces.byInode.values()) {
    const handle = done.has(namespace.inode) ? undefined : Namespaces.handlesOf(namespace)[round];
    if (handle !== undefined) handles.set(handle.toString('latin1'), namespace.inode);
  }
  return handles;
}

function inputOf(handles: Map<string, string>, parts: readonly string[]): NamespaceInput {
  return { stdin: Buffer.concat(parts.flatMap((part) => [Buffer.from(part, 'latin1'), NUL])), handles };
}

/** Pairs of number and reference, for the scripts that enter. */
export function pairsFor(namespaces: Namespaces, round = 0, done: ReadonlySet<string> = new Set()): NamespaceInput {
  const handles = handlesOf(namespaces, round, done);
  return inputOf(
    handles,
    [...handles].flatMap(([handle, inode]) => [inode, handle]),
  );
}

/** Numbers of processes for the scripts that read through them, and pairs for the namespaces that have none. */
export function processesFor(
  namespaces: Namespaces,
  round: number,
  done: ReadonlySet<string>,
): { readonly processes: NamespaceInput; readonly entered: NamespaceInput } {
  const all = [...handlesOf(namespaces, round, done)];
  const through = new Map(all.filter(([handle]) => THROUGH_PROCESS.test(handle)));
  const entered = new Map(all.filter(([handle]) => !THROUGH_PROCESS.test(handle)));
  return {
    processes: inputOf(
      through,
      [...through.keys()].flatMap((handle) => THROUGH_PROCESS.exec(handle)?.[1] ?? []),
    ),
    entered: inputOf(
      entered,
      [...entered].flatMap(([handle, inode]) => [inode, handle]),
    ),
  };
}
