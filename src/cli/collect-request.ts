import { stringify } from 'yaml';
import { toRfc3339 } from '../lib/clock.js';
import type { Kind } from '../model/exhibit.js';
import { type Profile, selectByProfile } from '../model/profile.js';
import type { NodeRung } from '../ports/node-access.js';
import type { Collector } from '../ports/collector.js';
import type { CollectRequest } from '../workflows/collect-request.js';
import type { Context } from './context.js';
import { variableOf } from './environment.js';
import { DEFAULT_PROFILE, loadProfile } from './profiles.js';
import { parseBytes, parseDurationMs } from './quantities.js';
import { resolveSetting } from './settings.js';

/** What `collect` and `drill run` were asked for, before defaults. */
export interface CollectFlagValues {
  readonly 'node': readonly string[] | undefined;
  readonly 'pod': readonly string[] | undefined;
  readonly 'namespace': readonly string[] | undefined;
  readonly 'all': boolean;
  readonly 'profile': string | undefined;
  readonly 'kubelet': boolean;
  readonly 'node-access'?: readonly NodeRung[] | undefined;
  readonly 'max-log-bytes': string | undefined;
  readonly 'since': string | undefined;
  readonly 'idle-timeout': string | undefined;
}

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

/** Flags, environment and configuration as the request of the workflow; every setting that was decided goes into the archive with its origin. */
export async function collectRequestOf(
  flags: CollectFlagValues,
  context: Context,
  extra: { readonly kind: Kind; readonly collectors: readonly Collector[] },
): Promise<CollectRequest> {
  const name = resolveSetting({
    flag: flags.profile,
    environment: variableOf(context.environment, 'EXHIBIT_PROFILE'),
    config: context.config.profile,
    default: DEFAULT_PROFILE,
  });
  const { profile, text } = await loadProfile({
    nameOrPath: name.value,
    shippedDirectory: `${context.templatesDirectory}/profiles`,
    workingDirectory: context.environment.workingDirectory,
  });
  const limits = limitsOf(flags, context, profile.limits ?? {});
  const scope = { all: flags.all, nodes: flags.node ?? [], pods: flags.pod ?? [], namespaces: flags.namespace ?? [] };
  const configText = stringify(
    {
      scope,
      kubelet: flags.kubelet,
      nodeAccess: flags['node-access'] ?? [],
      kind: extra.kind,
      profile: name,
      maxLogBytes: limits.maxLogBytes,
      idleTimeoutMs: limits.idleTimeoutMs,
      sinceTime: limits.sinceTime,
    },
    { aliasDuplicateObjects: false },
  );
  return {
    scope,
    kubelet: flags.kubelet,
    nodeAccess: flags['node-access'] ?? [],
    profileName: profile.metadata.name,
    collectors: [...selectByProfile(profile, extra.collectors)],
    profileText: text,
    configText,
    kind: extra.kind,
    limits: {
      maxLogBytes: limits.maxLogBytes.value,
      idleTimeoutMs: limits.idleTimeoutMs.value,
      sinceTime: limits.sinceTime,
    },
  };
}
