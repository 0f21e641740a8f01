import { parseInstant } from '../../lib/clock.js';
import { shellWord } from '../../lib/shell-word.js';
import { stringAt, valueAt } from '../../lib/untyped.js';
import { type Authority, NOT_STATED } from '../../model/case.js';
import { ExhibitError } from '../../model/errors.js';
import type { QuarantineRequest } from './quarantine-request.js';
import type { Scene, SceneNode } from './read-scene.js';

const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
const SAFE = 'Nothing was changed.';

/** What tells the machine that this program runs on. */
export interface OwnMachine {
  readonly host: string;
  /** The kernel's: containers of the machine share it. `unknown` where there is none. */
  readonly bootId: string;
}

function whyProtected({ name, object }: SceneNode, { host, bootId }: OwnMachine): string | null {
  const labels = valueAt(object, 'metadata', 'labels') ?? {};
  if (CONTROL_PLANE.some((label) => Object.hasOwn(labels, label))) return 'is of the control plane';
  const itsBoot = stringAt(object, 'status', 'nodeInfo', 'bootID') ?? '';
  if ((itsBoot !== '' && itsBoot === bootId) || name === host) return 'is the machine that this program runs on';
  return null;
}

/** What the case may do, and when that is asked. */
interface Limits {
  readonly authority: Authority;
  readonly nowMs: number;
}

function refuseProtected(scene: Scene, request: QuarantineRequest, own: OwnMachine): void {
  for (const node of scene.nodes) {
    const why = whyProtected(node, own);
    if (why === null || request.allowedNodes.includes(node.name)) continue;
    throw new ExhibitError('TARGET_PROTECTED', `node ${node.name} ${why}`, {
      subject: node.name,
      hints: [`Repeat the command with --allow-node ${shellWord(node.name)}`],
      safe: SAFE,
    });
  }
}

function beyond(what: string, why: string, hints: readonly string[] = []): ExhibitError {
  return new ExhibitError('LIMIT_OF_AUTHORITY', `the authority of the case does not reach to ${what}${why}`, {
    subject: what,
    hints: [...hints, 'exhibit case show'],
    safe: SAFE,
  });
}

/** A machine has pods of any namespace, and a level that takes its network takes that of all of them. */
function refuseWholeMachine({ level = 'hold' }: QuarantineRequest, { nodes }: Scene, authority: Authority): void {
  const namespaces = authority === NOT_STATED ? undefined : authority.limits.namespaces;
  if (level === 'hold' || namespaces === undefined) return;
  const names = nodes.map(({ name }) => name).join(', ');
  const why = `: level ${level} takes the network of every pod there, and the limit is namespace ${namespaces.join(', ')}`;
  throw beyond(`the whole machine of node ${names}`, why, ['Repeat the command with --level hold']);
}

function refuseBeyondAuthority({ nodes, suspects }: Scene, { authority, nowMs }: Limits): void {
  if (authority === NOT_STATED) return;
  const { limits } = authority;
  const node = nodes.find(({ name }) => limits.nodes?.includes(name) === false);
  const pod = suspects.find(({ namespace }) => limits.namespaces?.includes(namespace) === false);
  const isOver = limits.notAfter !== undefined && nowMs > (parseInstant(limits.notAfter) ?? 0);
  const [first] = [
    ...(isOver ? [`a containment after ${limits.notAfter ?? ''}`] : []),
    ...(node === undefined ? [] : [`node ${node.name}`]),
    ...(pod === undefined ? [] : [`namespace ${pod.namespace}`]),
  ];
  if (first !== undefined) throw beyond(first, '');
}

/** Throws `TARGET_PROTECTED`, `LIMIT_OF_AUTHORITY`, `USAGE_INVALID` for what is not to be contained as it was asked for. */
export function refuseTarget(
  scene: Scene,
  request: QuarantineRequest,
  { own, ...limits }: Limits & { readonly own: OwnMachine },
): void {
  if (scene.nodes.length > request.maxNodes) {
    const names = scene.nodes.map(({ name }) => name).join(', ');
    throw new ExhibitError('USAGE_INVALID', `this is about ${String(scene.nodes.length)} nodes: ${names}`, {
      hints: [`Choose fewer suspects, or allow it with --max-nodes ${String(scene.nodes.length)}`],
      safe: SAFE,
    });
  }
  refuseProtected(scene, request, own);
  refuseBeyondAuthority(scene, limits);
  refuseWholeMachine(request, scene, limits.authority);
}
