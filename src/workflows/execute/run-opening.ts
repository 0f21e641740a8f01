import type { Opening } from '../../evidence/exhibit-spool.js';
import type { Authority } from '../../model/case.js';
import type { ConnectionFacts } from '../../model/connection.js';
import type { CollectDeps, CollectRequest } from '../collect-request.js';
import type { RunState } from './run-state.js';
import type { ObservedIdentity } from '../observe-identity.js';

/** What a run sees of the cluster before it reads anything. */
export interface Seen {
  readonly identity: ObservedIdentity;
  readonly clusterUid: string | null;
  /** `null` = no cluster was asked. */
  readonly facts: ConnectionFacts | null;
}

type Scope = NonNullable<Opening['scope']>;

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...other, ...one])].sort();
}

/** What was asked for, together with what earlier runs into the same exhibit asked for. */
export function scopeOf(
  request: CollectRequest,
  before: Scope | null,
  where: Pick<Scope, 'clusterUid' | 'apiServer'>,
): Scope {
  const { scope, kubelet, profileName } = request;
  const asked = { all: scope.all, kubelet, ...where };
  if (before === null) {
    const { nodes, pods, namespaces } = scope;
    return {
      ...asked,
      nodes: union(nodes, []),
      pods: union(pods, []),
      namespaces: union(namespaces, []),
      profile: profileName,
    };
  }
  return {
    all: scope.all || before.all,
    nodes: union(scope.nodes, before.nodes),
    pods: union(scope.pods, before.pods),
    namespaces: union(scope.namespaces, before.namespaces),
    kubelet: kubelet || before.kubelet,
    profile: union([profileName], before.profile.split(', ')).join(', '),
    clusterUid: before.clusterUid ?? where.clusterUid,
    apiServer: before.apiServer ?? where.apiServer,
  };
}

/** The statement's inputs as they are when the first run of an exhibit knows its targets. */
export function openingOf(
  { identity, facts }: Seen,
  request: CollectRequest,
  rest: { readonly scope: Scope; readonly authority: Authority; readonly deps: Pick<CollectDeps, 'os' | 'tool'> },
): Opening {
  const { scope, authority, deps } = rest;
  return {
    scope,
    authority,
    operator: { apiIdentity: identity.apiIdentity, cloudIdentity: null, osUser: deps.os.user, host: deps.os.host },
    tool: deps.tool,
    connection: facts,
    profileText: request.profileText,
    configText: request.configText,
  };
}

/** What a run saw before it read anything, for the custody log. */
export function preflightOf({ identity, clusterUid, facts }: Seen, { run, request }: RunState) {
  const { withoutCluster } = request;
  return {
    run,
    identity: identity.apiIdentity?.username ?? null,
    identityUnknownBecause: identity.unknownBecause,
    clusterUid,
    server: facts?.server ?? null,
    insecureTls: facts?.insecure ?? false,
    ...(withoutCluster === null ? {} : { withoutCluster }),
  };
}
