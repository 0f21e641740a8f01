import { stringAt } from '../../../lib/untyped.js';
import type { NodeAccess } from '../../../ports/node-access.js';
import type { Suspect } from '../read-scene.js';
import type { Flow } from './containment-check.js';
import { farAnswer } from './far-answer.js';
import { parseFlows, parseProcesses, type PodNamespaces } from './parse-answers.js';
import { FLOWS_SCRIPT, PROCESSES_SCRIPT } from './probe-scripts.js';

const TIMEOUT_MS = 30_000;
/** A pod has one; what a process of it made besides is looked at as well, within reason. */
const MAX_NAMESPACES = 4;
/** A kubelet knows a static pod by this. */
const STATIC_UID = 'kubernetes.io/config.hash';
const UID = /^[0-9a-f-]{32,36}$/;

export interface PodPlace {
  readonly pod: string;
  readonly namespaces: readonly { readonly pid: number; readonly namespace: string }[];
  /** Network namespaces of its processes that are not looked at: a suspect may make as many as it likes. */
  readonly moreNamespaces: number;
  /** A process of it is in the network of the node. */
  readonly isInHostNetwork: boolean;
  /** The way itself is in the network of the node: what comes from there no policy holds back. */
  readonly isWayInHostNetwork: boolean;
}

/** Control groups write the UID with dashes or underscores. */
function uidsOf({ uid, object }: Suspect): readonly string[] {
  const known = [uid, stringAt(object, 'metadata', 'annotations', STATIC_UID) ?? ''].filter((one) => UID.test(one));
  return known.flatMap((one) => [one, one.replaceAll('-', '_')]);
}

function placeOf(pod: string, { own, first, found }: PodNamespaces): PodPlace {
  const apart = found.filter(({ namespace }) => namespace !== first);
  return {
    pod,
    namespaces: apart.slice(0, MAX_NAMESPACES),
    moreNamespaces: Math.max(0, apart.length - MAX_NAMESPACES),
    isInHostNetwork: found.length > apart.length,
    isWayInHostNetwork: own !== '' && own === first,
  };
}

/** Where the processes of a suspect are. Throws `NODE_ACCESS_LOST`. */
export async function locatePod(suspect: Suspect, access: NodeAccess, signal: AbortSignal): Promise<PodPlace> {
  const stdin = Buffer.from(
    uidsOf(suspect)
      .map((uid) => `${uid}\n`)
      .join(''),
  );
  const command = { name: 'probe-processes', script: PROCESSES_SCRIPT, stdin, timeoutMs: TIMEOUT_MS, signal };
  const text = stdin.length === 0 ? '' : await farAnswer(access, command);
  return placeOf(`${suspect.namespace}/${suspect.name}`, parseProcesses(text));
}

/** Connections of a suspect with other machines; `null` where not all of its namespaces are read. Throws `NODE_ACCESS_LOST`. */
export async function flowsOf(
  { pod, namespaces, moreNamespaces }: PodPlace,
  access: NodeAccess,
  signal: AbortSignal,
): Promise<readonly Flow[] | null> {
  if (moreNamespaces > 0) return null;
  const flows: Flow[] = [];
  const isLittleEndian = access.facts.machine !== 's390x';
  for (const { pid, namespace } of namespaces) {
    const command = { name: 'probe-flows', script: FLOWS_SCRIPT, args: [String(pid)], timeoutMs: TIMEOUT_MS, signal };
    const found = parseFlows(await farAnswer(access, command), { pod, namespace, isLittleEndian });
    if (found === null) return null;
    flows.push(...found);
  }
  return flows;
}
