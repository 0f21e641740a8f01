import { z } from 'zod';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { captureList } from '../capture-list.js';
import { distinctSegments, keyPart, urlPart } from '../segments.js';

const ID = 'events';
/** Events of nodes, which have no namespace, are written here. */
const NAMESPACE_OF_NODES = 'default';
const GROUPS = ['', 'events.k8s.io'] as const;

const DOC = `
Events of both API groups (\`core/v1\` and \`events.k8s.io/v1\`: the same objects, but each form has fields that the other lacks), page
by page as received, in \`data/cluster/events/<group>/<namespace>/page-0001.json\`, of the namespaces in scope and of \`default\`, where
the events of nodes are. With the whole cluster in scope the folder of the namespace is left out.

**Events are short-lived.** An API server forgets them after its \`--event-ttl\`, one hour unless somebody changed it, and rewrites
them as they repeat. \`proof.oldestCreatedAt\` is the creation time of the oldest one that was still there: what happened before has to
come from the audit log. A source may also have sent fewer events than happened: clients are rate-limited and aggregate.
`;

const plannedSchema = z.strictObject({
  path: z.string(),
  group: z.string(),
  version: z.string(),
  namespace: z.string(),
  segments: z.array(z.string()),
});
type PlannedEvents = z.infer<typeof plannedSchema>;

function planned(group: string, version: string, namespace: { name: string; segment: string } | null): PlannedArtifact {
  const folder = group === '' ? 'core' : group;
  const root = group === '' ? '/api' : `/apis/${group}`;
  const scope = namespace === null ? '' : `/namespaces/${urlPart(namespace.name)}`;
  const path = `${root}/${urlPart(version)}${scope}/events`;
  const segments = namespace === null ? [folder] : [folder, namespace.segment];
  const data: PlannedEvents = { path, group: folder, version, namespace: namespace?.name ?? '', segments };
  const key = `${ID}/${folder}`;
  const artifact = namespace === null ? key : `${key}/${keyPart(namespace.name)}`;
  return { artifact, required: true, source: path, data };
}

async function* plan(context: PlanContext): AsyncGenerator<PlannedArtifact> {
  const { targets } = context;
  const whole = context.wholeCluster || targets.namespaces === 'all';
  const names = targets.namespaces === 'all' ? [] : targets.namespaces;
  const namespaces = distinctSegments([...new Set([...names, NAMESPACE_OF_NODES])].sort());
  for (const group of GROUPS) {
    const announced = targets.resources.find((one) => one.group === group && one.resource === 'events');
    const version = announced?.version ?? 'v1';
    if (whole) yield planned(group, version, null);
    else for (const [name, segment] of namespaces) yield planned(group, version, { name, segment });
  }
  await Promise.resolve();
}

async function collect(artifact: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const { path, group, version, namespace, segments } = plannedSchema.parse(artifact.data);
  return await captureList(
    {
      request: { path },
      artifact: artifact.artifact,
      collector: ID,
      resource: `${group}.${version}.events`,
      namespace,
      folder: ['data/cluster/events', ...segments].join('/'),
      indexFolder: ['data/derived/events-index', ...segments].join('/'),
      sensitivity: 'normal',
    },
    context,
  );
}

export const collector: Collector = {
  id: ID,
  title: 'Events',
  doc: DOC.trim(),
  volatility: 'V0',
  tags: ['api', 'state', 'volatile'],
  needsKubelet: false,
  needs: ['resources'],
  permissions: [
    { apiGroup: '', resource: 'events', verbs: ['list'], why: 'Events vanish after about an hour.' },
    {
      apiGroup: 'events.k8s.io',
      resource: 'events',
      verbs: ['list'],
      why: 'The same events with the fields of the newer form.',
    },
  ],
  plan,
  collect,
};
