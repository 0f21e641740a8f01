import { ExhibitError } from '../../model/errors.js';
import type { Authority } from '../../model/case.js';
import { NOT_STATED } from '../../model/case.js';
import { parseInstant } from '../../lib/clock.js';

/** What the user asked for. Pods as `NAMESPACE/NAME`. */
export interface ScopeRequest {
  readonly all: boolean;
  readonly nodes: readonly string[];
  readonly pods: readonly string[];
  readonly namespaces: readonly string[];
}

/** Refuses a scope that selects nothing, or selects everything and something. */
export function checkScope(scope: ScopeRequest): void {
  const selected = scope.nodes.length + scope.pods.length + scope.namespaces.length;
  if (scope.all && selected > 0) {
    throw new ExhibitError(
      'USAGE_INVALID',
      '--all already selects everything; --node, --pod and --namespace narrow nothing beside it',
    );
  }
  if (!scope.all && selected === 0) {
    throw new ExhibitError('USAGE_INVALID', 'nothing was selected: name the suspects, or ask for the whole cluster', {
      hints: [
        'exhibit collect --node NAME',
        'exhibit collect --pod NAMESPACE/NAME',
        'exhibit collect --namespace NAME',
        'exhibit collect --all',
      ],
    });
  }
  for (const pod of scope.pods) {
    if (!/^[^/]+\/[^/]+$/.test(pod)) {
      throw new ExhibitError('USAGE_INVALID', `a pod is named NAMESPACE/NAME, not "${pod}"`, {
        subject: pod,
        hints: ['exhibit collect --pod NAMESPACE/NAME', 'kubectl get pods --all-namespaces'],
      });
    }
  }
}

interface NodeWays {
  readonly kubelet?: boolean;
  readonly nodeAccess?: readonly string[];
}

/** A kubelet, and a script on a node, answers for its whole node: its pods and the logs on its disk belong to any namespace. */
function wholeNodes({ kubelet = false, nodeAccess = [] }: NodeWays): readonly string[] {
  return [
    ...(kubelet ? ['asking kubelets (--kubelet)'] : []),
    ...(nodeAccess.length > 0 ? [`reading nodes (${nodeAccess.join(', ')})`] : []),
  ];
}

/** Refuses what the authority of the case does not cover. What is only derived from a selector is narrowed elsewhere. */
export function checkAuthority(scope: ScopeRequest & NodeWays, authority: Authority, nowMs: number): void {
  if (authority === NOT_STATED) return;
  const { limits } = authority;
  const namespaces = [...scope.namespaces, ...scope.pods.map((pod) => pod.split('/')[0] ?? '')];
  const beyond = [
    ...(limits.notAfter !== undefined && nowMs > (parseInstant(limits.notAfter) ?? 0)
      ? [`collecting after ${limits.notAfter}`]
      : []),
    ...(limits.namespaces === undefined ? [] : wholeNodes(scope)),
    ...(scope.all && (limits.namespaces !== undefined || limits.nodes !== undefined) ? ['the whole cluster'] : []),
    ...outside(scope.nodes, limits.nodes).map((name) => `node ${name}`),
    ...outside(namespaces, limits.namespaces).map((name) => `namespace ${name}`),
  ];
  const [first] = beyond;
  if (first === undefined) return;
  throw new ExhibitError(
    'LIMIT_OF_AUTHORITY',
    `${first} is beyond the limits of the authority given by ${authority.by}`,
    {
      subject: first,
    },
  );
}

function outside(asked: readonly string[], allowed: readonly string[] | undefined): readonly string[] {
  return allowed === undefined ? [] : asked.filter((name) => !allowed.includes(name));
}
