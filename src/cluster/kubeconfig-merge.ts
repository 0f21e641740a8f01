import { delimiter, join, resolve } from 'node:path';
import { ExhibitError } from '../model/errors.js';
import {
  readKubeconfig,
  type ClusterEntry,
  type ContextEntry,
  type Kubeconfig,
  type UserEntry,
} from './kubeconfig-file.js';

export interface MergedKubeconfig extends Kubeconfig {
  /** The files that exist, in order. */
  readonly files: readonly string[];
}

function addMissing<Entry>(into: Map<string, Entry>, from: ReadonlyMap<string, Entry>): void {
  for (const [name, entry] of from) if (!into.has(name)) into.set(name, entry);
}

/** The first file that names an entry has it whole, as in client-go: entries of one name are never mixed from two files. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const clusters = new Map<string, ClusterEntry>();
  const users = new Map<string, UserEntry>();
  const contexts = new Map<string, ContextEntry>();
  for (const config of configs) {
    addMissing(clusters, config.clusters);
    addMissing(users, config.users);
    addMissing(contexts, config.contexts);
  }
  const currentContext = configs.find((config) => config.currentContext !== '')?.currentContext ?? '';
  return { currentContext, clusters, users, contexts };
}

/**
 * By kubectl's rules: `--kubeconfig` alone and it must exist; else every file of `KUBECONFIG`, missing ones skipped; else
 * `~/.kube/config` if it is there. Throws `KUBECONFIG_INVALID`.
 */
export async function loadKubeconfig(
  explicit: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<MergedKubeconfig> {
  if (explicit !== undefined && explicit !== '') {
    const path = resolve(explicit);
    const only = await readKubeconfig(path);
    if (only === null)
      throw new ExhibitError('KUBECONFIG_INVALID', 'The kubeconfig that was named does not exist.', { subject: path });
    return { ...only, files: [path] };
  }
  const listed = (variables['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const home = variables['HOME'] ?? '';
  const candidates = listed.length > 0 ? listed : home === '' ? [] : [join(home, '.kube', 'config')];
  const configs: Kubeconfig[] = [];
  const files: string[] = [];
  for (const path of [...new Set(candidates.map((candidate) => resolve(candidate)))]) {
    const config = await readKubeconfig(path);
    if (config === null) continue;
    configs.push(config);
    files.push(path);
  }
  return { ...mergeKubeconfigs(configs), files };
}
