import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import { emptyCluster, type ClusterEntry, type ContextEntry, type UserEntry } from './kubeconfig-file.js';
import type { MergedKubeconfig } from './kubeconfig-merge.js';
import type { KubeGlobals } from '../model/kube-globals.js';

/** The entries that a context, or flags in its place, choose. */
export interface Selection {
  readonly contextName: string;
  readonly clusterName: string;
  readonly userName: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry | null;
  readonly files: readonly string[];
}

function invalid(message: string, hints: readonly string[]): ExhibitError {
  return new ExhibitError('KUBECONFIG_INVALID', message, { hints });
}

function pick<Entry>(kind: string, name: string, from: ReadonlyMap<string, Entry>): Entry {
  const entry = from.get(name);
  if (entry === undefined)
    throw invalid(`The kubeconfig has no ${kind} with the name ${escapeForTerminal(name, 100)}.`, [
      'kubectl config get-contexts',
    ]);
  return entry;
}

function chosenContext(
  config: MergedKubeconfig,
  globals: KubeGlobals,
): { readonly name: string; readonly entry: ContextEntry | null } {
  const name = globals.context ?? config.currentContext;
  if (name !== '') return { name, entry: pick('context', name, config.contexts) };
  if (globals.cluster !== undefined || globals.server !== undefined) return { name: '', entry: null };
  if (config.files.length === 0) {
    throw invalid('No kubeconfig was found, and this is no pod of a cluster.', [
      'export KUBECONFIG=FILE',
      'exhibit collect --all --dry-run --kubeconfig FILE',
    ]);
  }
  throw invalid('The kubeconfig has no current context.', [
    'kubectl config get-contexts',
    'kubectl config use-context NAME',
  ]);
}

/** Throws `KUBECONFIG_INVALID` when a name leads nowhere. */
export function selectEntries(config: MergedKubeconfig, globals: KubeGlobals): Selection {
  const context = chosenContext(config, globals);
  const clusterName = globals.cluster ?? context.entry?.cluster ?? '';
  const userName = globals.user ?? context.entry?.user ?? '';
  if (clusterName === '' && globals.server === undefined)
    throw invalid(`The context ${escapeForTerminal(context.name, 100)} names no cluster.`, ['kubectl config view']);
  return {
    contextName: context.name,
    clusterName,
    userName,
    files: config.files,
    cluster: clusterName === '' ? emptyCluster() : pick('cluster', clusterName, config.clusters),
    user: userName === '' ? null : pick('user', userName, config.users),
  };
}
