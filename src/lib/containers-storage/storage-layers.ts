import type { ContainerLayers } from '../container-layers.js';
import { summarizeOci } from '../oci-summary.js';
import { podOfLabels, storeIdentifier, storeLabels, type StoreFiles } from '../store-files.js';
import { parseJson, stringAt, stringsAt } from '../untyped.js';

const MAX_CHAIN = 512;
const MAX_ENTRIES = 200_000;
const MAX_CONTAINERS = 20_000;
/** Drivers with a tree for each layer, and where it is below the driver's folder. */
const DRIVERS = [
  { driver: 'overlay', layout: 'overlay', tree: (id: string) => `overlay/${id}/diff` },
  { driver: 'vfs', layout: 'copy', tree: (id: string) => `vfs/dir/${id}` },
] as const;

export interface ContainersStorage {
  /** Absolute path on the node, mostly `/var/lib/containers/storage`. */
  readonly root: string;
  /** `<driver>-{containers,layers,images}/*.json`, `<driver>-containers/<id>/userdata/config.json`. */
  readonly files: StoreFiles;
}

function listOf(files: StoreFiles, ...paths: string[]): readonly unknown[] {
  return paths.flatMap((path) => {
    const bytes = files.get(path);
    const list = bytes === undefined ? undefined : parseJson(bytes);
    return Array.isArray(list) ? (list as unknown[]).slice(0, MAX_ENTRIES) : [];
  });
}

/** Layer ids from the container's own down to the lowest. */
function chainOf(top: string | null, parents: ReadonlyMap<string, string | null>): { ids: string[]; isWhole: boolean } {
  const ids: string[] = [];
  const seen = new Set<string>();
  for (let at = top; at !== null; at = parents.get(at) ?? null) {
    if (seen.has(at) || !parents.has(at) || ids.length >= MAX_CHAIN) return { ids, isWhole: false };
    seen.add(at);
    ids.push(at);
  }
  return { ids, isWhole: ids.length > 0 };
}

function parentsOf(layers: readonly unknown[]): Map<string, string | null> {
  const parents = new Map<string, string | null>();
  for (const layer of layers) {
    const id = storeIdentifier(stringAt(layer, 'id'));
    const parent = stringAt(layer, 'parent');
    if (id !== null) parents.set(id, parent === undefined || parent === '' ? null : storeIdentifier(parent));
  }
  return parents;
}

/** containers.json holds what CRI-O says of a container as JSON in a string. */
function metadataOf(container: unknown): unknown {
  const text = stringAt(container, 'metadata');
  return text === undefined || text.length > 65_536 ? undefined : parseJson(Buffer.from(text));
}

function identityOf(container: unknown, config: Buffer | undefined) {
  const metadata = metadataOf(container);
  const labels = config === undefined ? {} : storeLabels(parseJson(config), 'annotations');
  return {
    pod: podOfLabels(labels),
    name:
      labels['io.kubernetes.container.name'] ??
      stringAt(metadata, 'metadata-name')?.slice(0, 256) ??
      stringsAt(container, 'names')[0]?.slice(0, 256) ??
      null,
    kind: labels['io.kubernetes.cri-o.ContainerType'] === 'sandbox' ? ('sandbox' as const) : ('container' as const),
    image: stringAt(metadata, 'image-name')?.slice(0, 4096) ?? null,
    labels,
  };
}

/** The containers of CRI-O or podman, running or not, from the files of containers/storage (drivers overlay and vfs). */
export function storageLayers({ root, files }: ContainersStorage): ContainerLayers[] {
  return DRIVERS.flatMap(({ driver, layout, tree }) => {
    const folder = (kind: string): string[] => [
      `${driver}-${kind}/${kind}.json`,
      `${driver}-${kind}/volatile-${kind}.json`,
    ];
    const parents = parentsOf(listOf(files, ...folder('layers')));
    const digests = new Map(
      listOf(files, ...folder('images')).map((image) => [stringAt(image, 'id'), stringAt(image, 'digest')]),
    );
    const containers = listOf(files, ...folder('containers')).slice(0, MAX_CONTAINERS);
    return containers.flatMap((container): ContainerLayers[] => {
      const id = storeIdentifier(stringAt(container, 'id'));
      if (id === null) return [];
      const config = files.get(`${driver}-containers/${id}/userdata/config.json`);
      const { ids, isWhole } = chainOf(storeIdentifier(stringAt(container, 'layer')), parents);
      const [upper, ...lowers] = ids.map((layer) => `${root}/${tree(layer)}`);
      return [
        {
          runtime: 'containers-storage',
          id,
          namespace: null,
          ...identityOf(container, config),
          imageDigest: digests.get(stringAt(container, 'image'))?.slice(0, 128) ?? null,
          createdAt: stringAt(container, 'created')?.slice(0, 64) ?? null,
          snapshotter: driver,
          layout,
          upper: upper ?? null,
          lowers,
          engineLowers: 0,
          spec: config === undefined ? null : summarizeOci(config),
          carved: false,
          problems: isWhole ? [] : ['chain-broken'],
        },
      ];
    });
  });
}
