import { safeSegment, shortUid } from '../lib/safe-path.js';
import type { ContainerTarget, PodTarget } from '../model/target.js';
import { keyPart } from './segments.js';

interface ContainerNames {
  /** What follows the collector in the artifact's key: `<namespace>/<pod>.<uid>/<container>`. */
  readonly key: string;
  /** Below `data/pods/`: `<namespace>/<pod>.<uid8>/<container>`, safe. */
  readonly folder: string;
  /** Below a collector's folder in `data/derived/`: `<namespace>/<pod>.<container>.<uid8>`, safe. */
  readonly derivedFolder: string;
}

/** How a container of a pod is named among artifacts and in paths. */
export function containerNames({ namespace, name, uid }: PodTarget, container: ContainerTarget): ContainerNames {
  const suffix = `.${shortUid(uid)}`;
  return {
    key: [keyPart(namespace), `${keyPart(name)}.${keyPart(uid)}`, keyPart(container.name)].join('/'),
    folder: [safeSegment(namespace), safeSegment(name, suffix), safeSegment(container.name)].join('/'),
    derivedFolder: [safeSegment(namespace), safeSegment(`${name}.${container.name}`, suffix)].join('/'),
  };
}
