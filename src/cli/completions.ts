import { join } from 'node:path';
import { arrayAt, parseJson, stringAt } from '../lib/untyped.js';
import type { RequestLog } from '../ports/request-log.js';
import type { ClusterFlagValues } from './cluster-globals.js';
import type { Context } from './context.js';
import { shippedProfiles } from './profiles.js';

export const COMPLETION_KINDS = ['contexts', 'nodes', 'cases', 'profiles'] as const;
export type CompletionKind = (typeof COMPLETION_KINDS)[number];

/** Longer than this a person at a prompt does not wait. */
const CLUSTER_TIMEOUT_MS = 1500;
const MAX_NODES = 500;

/** What may stand in a shell word without quoting: a hostile name must never become a command. */
const SHELL_SAFE = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,252}$/;

const NO_LOG: RequestLog = { begin: () => 1, end: () => undefined };

async function nodeNames(context: Context, flags: ClusterFlagValues): Promise<readonly string[]> {
  const connect = context.connector(context.clusterTarget(flags), 'completion');
  const cluster = await connect(NO_LOG);
  try {
    const answer = await cluster.get({
      path: '/api/v1/nodes',
      query: [['limit', String(MAX_NODES)]],
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
      kind: 'small',
      attempts: 1,
      firstByteTimeoutMs: CLUSTER_TIMEOUT_MS,
      idleTimeoutMs: CLUSTER_TIMEOUT_MS,
    });
    if (answer.status !== 200) return [];
    return arrayAt(parseJson(answer.body), 'items').flatMap((item) => stringAt(item, 'metadata', 'name') ?? []);
  } finally {
    await cluster.close();
  }
}

async function contextNames(context: Context, flags: ClusterFlagValues): Promise<readonly string[]> {
  const { listContexts } = await context.contextLists();
  const { globals, variables } = context.clusterTarget(flags);
  return await listContexts(globals, variables);
}

async function namesOf(kind: CompletionKind, context: Context, flags: ClusterFlagValues): Promise<readonly string[]> {
  switch (kind) {
    case 'contexts':
      return await contextNames(context, flags);
    case 'cases':
      return (await (await context.store()).list()).map(({ caseId }) => caseId);
    case 'profiles':
      return await shippedProfiles(join(context.templatesDirectory, 'profiles'));
    case 'nodes':
      return await nodeNames(context, flags);
  }
}

/** Live names, sorted, without those that a shell could misread. Rejects when they cannot be learned. */
export async function completions(
  kind: CompletionKind,
  context: Context,
  flags: ClusterFlagValues,
): Promise<readonly string[]> {
  const names = await namesOf(kind, context, flags);
  return names.filter((name) => SHELL_SAFE.test(name)).sort();
}
