import { stringify } from 'yaml';
import { toRfc3339 } from '../lib/clock.js';
import type { Kind } from '../model/exhibit.js';
import { type Profile, selectByProfile } from '../model/profile.js';
import type { Collector } from '../ports/collector.js';
import type { CollectRequest } from '../workflows/collect-request.js';
import { type CollectorPodFlagValues, collectorPodSettingsOf } from './collector-pod-flags.js';
import type { Context } from './context.js';
import { variableOf } from './environment.js';
import { type MemoryFlagValues, memoryRequestOf } from './memory-flags.js';
import { type NodeFlagValues, type NodeRequest, nodeRequestOf } from './node-request.js';
import { DEFAULT_PROFILE, loadProfile } from './profiles.js';
import { parseBytes, parseDurationMs } from './quantities.js';
import { resolveSetting } from './settings.js';

/** What `collect` and `drill run` were asked for, before defaults. */
export interface CollectFlagValues extends NodeFlagValues, CollectorPodFlagValues, MemoryFlagValues {
  readonly 'pod': readonly string[] | undefined;
  readonly 'namespace': readonly string[] | undefined;
  readonly 'all': boolean;
  readonly 'profile': string | undefined;
  readonly 'kubelet': boolean;
  readonly 'stats-seconds'?: number | undefined;
  readonly 'max-log-bytes': string | undefined;
  readonly 'since': string | undefined;
  readonly 'idle-timeout': string | undefined;
}

/** Of all collectors only those that read a node are run. */
const PROFILE_WITHOUT_CLUSTER = 'full';
const DEFAULT_IDLE_TIMEOUT_MS = 60_000;

function limitsOf(flags: CollectFlagValues, context: Context, limits: NonNullable<Profile['limits']>) {
  const { config } = context;
  const maxLogBytes = resolveSetting<number | null>({
    flag: flags['max-log-bytes'] === undefined ? undefined : parseBytes(flags['max-log-bytes']),
    config: config.maxLogBytes === undefined ? undefined : parseBytes(config.maxLogBytes),
    default: limits.maxLogBytes ?? null,
  });
  const idleTimeoutMs = resolveSetting({
    flag: flags['idle-timeout'] === undefined ? undefined : parseDurationMs(flags['idle-timeout']),
    config: config.idleTimeout === undefined ? undefined : parseDurationMs(config.idleTimeout),
    default: limits.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
  });
  const since = flags.since === undefined ? null : context.clock.nowMs() - parseDurationMs(flags.since);
  return { maxLogBytes, idleTimeoutMs, sinceTime: since === null ? (limits.sinceTime ?? null) : toRfc3339(since) };
}

type WithoutCluster = CollectRequest['withoutCluster'];

/** Without a cluster there is one way, and it was asked for by the flag itself. */
function nodesOf(
  flags: CollectFlagValues,
  context: Context,
  withoutCluster: WithoutCluster,
): NodeRequest & Pick<CollectRequest, 'collectorPod'> {
  const collectorPod = collectorPodSettingsOf(flags, context);
  const nodes = { ...nodeRequestOf(flags, context.environment.workingDirectory), collectorPod };
  if (withoutCluster === null) return nodes;
  return { ...nodes, nodeAccess: [withoutCluster.from === 'disk' ? 'disk' : 'local'] };
}

function scopeNodes(flags: CollectFlagValues, withoutCluster: WithoutCluster): readonly string[] {
  return withoutCluster === null ? (flags.node ?? []) : [withoutCluster.node.name];
}

async function profileOf(flags: CollectFlagValues, context: Context, withoutCluster: WithoutCluster) {
  const name = resolveSetting({
    flag: flags.profile,
    environment: variableOf(context.environment, 'EXHIBIT_PROFILE'),
    config: context.config.profile,
    default: withoutCluster === null ? DEFAULT_PROFILE : PROFILE_WITHOUT_CLUSTER,
  });
  const loaded = await loadProfile({
    nameOrPath: name.value,
    shippedDirectory: `${context.templatesDirectory}/profiles`,
    workingDirectory: context.environment.workingDirectory,
  });
  return { name, ...loaded };
}

/** Flags, environment and configuration as the request of the workflow; every setting that was decided goes into the archive with its origin. */
export async function collectRequestOf(
  flags: CollectFlagValues,
  context: Context,
  extra: {
    readonly kind: Kind;
    readonly collectors: readonly Collector[];
    readonly withoutCluster?: WithoutCluster;
  },
): Promise<CollectRequest> {
  const { withoutCluster = null, kind } = extra;
  const { name, profile, text } = await profileOf(flags, context, withoutCluster);
  const { maxLogBytes, idleTimeoutMs, sinceTime } = limitsOf(flags, context, profile.limits ?? {});
  const stats = flags['stats-seconds'] === undefined ? {} : { statsSeconds: flags['stats-seconds'] };
  const scope = {
    all: flags.all,
    nodes: scopeNodes(flags, withoutCluster),
    pods: flags.pod ?? [],
    namespaces: flags.namespace ?? [],
  };
  const asked = { scope, kubelet: flags.kubelet, ...nodesOf(flags, context, withoutCluster), withoutCluster, kind };
  const memory = memoryRequestOf(flags, withoutCluster);
  const limits = { maxLogBytes, idleTimeoutMs, sinceTime, ...stats, ...memory.limits };
  return {
    ...asked,
    profileName: profile.metadata.name,
    collectors: [...new Set([...selectByProfile(profile, extra.collectors), ...memory.collectors])],
    profileText: text,
    configText: stringify({ ...asked, profile: name, ...limits }, { aliasDuplicateObjects: false }),
    limits: { ...limits, maxLogBytes: maxLogBytes.value, idleTimeoutMs: idleTimeoutMs.value },
  };
}
