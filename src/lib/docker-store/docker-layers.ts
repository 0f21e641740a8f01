import type { ContainerLayers } from '../container-layers.js';
import { podOfLabels, storeIdentifier, storeLabels, storeText, type StoreFiles } from '../store-files.js';
import { booleanAt, parseJson, stringAt, stringsAt, valueAt } from '../untyped.js';

const CONFIG = /^containers\/([0-9a-f]{64})\/config\.v2\.json$/;
const LINK = /^overlay2\/([a-zA-Z0-9_.-]+)\/link$/;
const MAX_LAYERS = 512;
const MAX_CONTAINERS = 20_000;
/** Beyond it a configuration is not parsed. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

type Trees = Pick<ContainerLayers, 'layout' | 'upper' | 'lowers' | 'engineLowers' | 'problems'>;

const nothing = (layout: ContainerLayers['layout'], ...problems: string[]): Trees => ({
  layout,
  upper: null,
  lowers: [],
  engineLowers: 0,
  problems,
});

/** Folders by the short names that `lower` files use; the links themselves are never followed. */
function shortNames(files: StoreFiles): Map<string, string> {
  const names = new Map<string, string>();
  for (const path of files.keys()) {
    const id = storeIdentifier(LINK.exec(path)?.[1]);
    const short = storeText(files, path);
    if (id !== null && short !== undefined) names.set(`l/${short}`, id);
  }
  return names;
}

function overlayTrees(id: string, { root, files }: DockerStore, short: ReadonlyMap<string, string>): Trees {
  const mountId = storeIdentifier(storeText(files, `image/overlay2/layerdb/mounts/${id}/mount-id`));
  if (mountId === null) return nothing('overlay', 'snapshot-missing');
  const asked = (storeText(files, `overlay2/${mountId}/lower`) ?? '').split(':').filter((name) => name !== '');
  const found = asked.slice(0, MAX_LAYERS).flatMap((name) => short.get(name) ?? []);
  const isWhole = found.length === asked.length && asked.length > 0;
  return {
    layout: 'overlay',
    upper: `${root}/overlay2/${mountId}/diff`,
    lowers: found.map((layer) => `${root}/overlay2/${layer}/diff`),
    engineLowers: found[0]?.endsWith('-init') === true ? 1 : 0,
    problems: isWhole ? [] : ['chain-broken'],
  };
}

export interface DockerStore {
  /** Absolute path on the node. */
  readonly root: string;
  /** `containers/<id>/config.v2.json`, `image/overlay2/layerdb/mounts/<id>/mount-id`, `overlay2/<id>/{link,lower}`. */
  readonly files: StoreFiles;
}

/**
 * Docker's containers, running or not, by its own files (version 2 of its layout, driver overlay2). With Docker's containerd store
 * (driver `overlayfs`, 29 and later) the folders are containerd's, in the namespace `moby`.
 */
export function dockerLayers(store: DockerStore): ContainerLayers[] {
  const short = shortNames(store.files);
  const containers: ContainerLayers[] = [];
  for (const [path, bytes] of store.files) {
    const id = CONFIG.exec(path)?.[1];
    if (id === undefined || containers.length >= MAX_CONTAINERS) continue;
    const config = bytes.length > MAX_CONFIG_BYTES ? undefined : parseJson(bytes);
    const driver = stringAt(config, 'Driver')?.slice(0, 64) ?? '';
    const trees =
      driver === 'overlay2' ? overlayTrees(id, store, short) : nothing('unknown', problemOf(config, driver));
    containers.push({ id, ...identityOf(config), snapshotter: driver, ...trees, spec: specOf(config), carved: false });
  }
  return containers;
}

const cut = (text: string | undefined, length: number): string | null => text?.slice(0, length) ?? null;

function identityOf(config: unknown) {
  const labels = storeLabels(config, 'Config', 'Labels');
  const isSandbox = labels['io.kubernetes.docker.type'] === 'podsandbox';
  return {
    runtime: 'docker' as const,
    namespace: null,
    pod: podOfLabels(labels),
    name: labels['io.kubernetes.container.name'] ?? cut(stringAt(config, 'Name')?.replace(/^\//, ''), 256),
    kind: isSandbox ? ('sandbox' as const) : ('container' as const),
    image: cut(stringAt(config, 'Config', 'Image'), 4096),
    imageDigest: cut(stringAt(config, 'Image'), 128),
    createdAt: cut(stringAt(config, 'Created'), 64),
    labels,
  };
}

function problemOf(config: unknown, driver: string): string {
  if (config === undefined) return 'config-unreadable';
  return driver === 'overlayfs' ? 'kept-by-containerd' : 'driver-without-trees';
}

const MAX_MOUNTS = 256;

/** Volumes and folders of the node that were mounted into it. */
function mountsOf(config: unknown): NonNullable<ContainerLayers['spec']>['mounts'] {
  const points = valueAt(config, 'MountPoints');
  if (points === null || typeof points !== 'object') return [];
  return Object.values(points)
    .slice(0, MAX_MOUNTS)
    .map((point: unknown) => ({
      destination: stringAt(point, 'Destination')?.slice(0, 1024) ?? '',
      source: stringAt(point, 'Source')?.slice(0, 1024) ?? '',
      type: 'bind',
      readOnly: booleanAt(point, 'RW') === false,
    }));
}

/** Docker's own words of how a container was to run, as far as the specification's summary has a place for them. */
function specOf(config: unknown): ContainerLayers['spec'] {
  if (config === undefined) return null;
  const program = stringAt(config, 'Path');
  return {
    args: [...(program === undefined ? [] : [program]), ...stringsAt(config, 'Args')]
      .slice(0, 64)
      .map((text) => text.slice(0, 1024)),
    cwd: stringAt(config, 'Config', 'WorkingDir')?.slice(0, 1024) ?? null,
    uid: null,
    gid: null,
    envNames: stringsAt(config, 'Config', 'Env')
      .slice(0, 256)
      .map((entry) => (entry.split('=', 1)[0] ?? '').slice(0, 1024)),
    rootPath: null,
    readonlyRoot: false,
    mounts: mountsOf(config),
    cgroupsPath: null,
    capabilities: [],
    namespaces: [],
    userNamespace: false,
    noNewPrivileges: false,
  };
}
