import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { ContainerLayers } from '../../lib/container-layers.js';

/** Ids that a container may be seen by, as a line tells them. */
export interface SeenContainer {
  readonly hasTask: boolean;
  readonly hasProcesses: boolean | null;
}

const shown = (text: string): string => escapeForTerminal(text, 1024);
const shownOrNull = (text: string | null): string | null => (text === null ? null : shown(text));
const shownAll = (list: readonly string[]): string[] => list.map(shown);

/** One line of `containers.jsonl`: all text is the node's, escaped; whole bytes are in the copies that the line is derived from. */
export function containerLine(container: ContainerLayers, seen: SeenContainer): object {
  const { pod, spec, labels } = container;
  return {
    runtime: container.runtime,
    id: shown(container.id),
    namespace: shownOrNull(container.namespace),
    pod: pod === null ? null : { namespace: shown(pod.namespace), name: shown(pod.name), uid: shown(pod.uid) },
    name: shownOrNull(container.name),
    kind: container.kind,
    image: shownOrNull(container.image),
    imageDigest: shownOrNull(container.imageDigest),
    createdAt: container.createdAt,
    ...seen,
    carved: container.carved,
    snapshotter: shown(container.snapshotter),
    layout: container.layout,
    upper: container.upper,
    lowers: container.lowers,
    engineLowers: container.engineLowers,
    problems: container.problems,
    spec:
      spec === null
        ? null
        : {
            ...spec,
            args: shownAll(spec.args),
            cwd: shownOrNull(spec.cwd),
            envNames: shownAll(spec.envNames),
            rootPath: shownOrNull(spec.rootPath),
            mounts: spec.mounts.map(({ destination, source, type, readOnly }) => ({
              destination: shown(destination),
              source: shown(source),
              type: shown(type),
              readOnly,
            })),
            cgroupsPath: shownOrNull(spec.cgroupsPath),
            capabilities: shownAll(spec.capabilities),
            namespaces: shownAll(spec.namespaces),
          },
    labels: Object.entries(labels).map(([name, value]) => ({ name: shown(name), value: shown(value) })),
  };
}
