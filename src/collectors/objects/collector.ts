import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { captureList, type ListCapture } from '../capture-list.js';
import { oneAtATime } from '../one-at-a-time.js';
import { planLists } from './plan-lists.js';
import { isSecrets, listPath, plannedListSchema, resourceName, type PlannedList } from './planned-list.js';
import { resourceSensitivity } from './resource-sensitivity.js';
import { discoverSecrets, secretsFolder } from './secrets-by-namespace.js';
import { isBareSecretsTable, TABLE_ACCEPT, TABLE_QUERY } from './secrets-table.js';

const ID = 'objects';
/** A webhook or an aggregated server that hangs must not hold the run. */
const DELEGATED_TIME_BOX_MS = 30_000;

const DOC = `
Every object of every listable resource that the server announces, page by page, **the bytes as received**, in
\`data/cluster/lists/<group>.<version>.<resource>/page-0001.json\` (the core group is written \`core\`; one folder more for the
namespace where the scope is a set of namespaces; resources without namespace are always read whole). A list that expires (410) is
begun once more as \`again-0001.json\`. \`data/derived/objects-index/<group>.<version>.<resource>/index.jsonl\` says of each object on which page it stands.

A list is \`collected\` when every page was well-formed and the last one carried no \`continue\`; \`empty\` when so and without an object
(the page is kept). One that went on at a later state of the cluster is \`partial\`, reason \`inconsistent\`. Resources that another
server answers for (aggregated, or converted by a webhook) are read last, one at a time, at most 30 seconds each.

**Secrets** are read only as the server's own table without objects: name, type, number of keys, age. An answer of any other form is
dropped before a byte of it is written (\`failed\`, reason \`secrets-not-as-table\`), because even the metadata of a Secret can repeat
its values. The table of a whole cluster does not name the namespace, so each namespace is then listed by itself as well.

Not seen: what was deleted before; resources without \`list\`; versions of a resource other than the preferred one (the same objects
in another form); fields that the server drops on the way out. ConfigMaps, pod templates and custom resources can hold secrets and
are marked \`sensitivity: secret\`. Events are the collector \`events\`.
`;

function listCapture(planned: PlannedArtifact, list: PlannedList): ListCapture {
  const secrets = isSecrets(list);
  const path = listPath(list);
  return {
    request: secrets ? { path, accept: TABLE_ACCEPT, query: TABLE_QUERY } : { path },
    artifact: planned.artifact,
    collector: ID,
    resource: resourceName(list),
    namespace: list.namespace ?? '',
    folder: list.folder,
    indexFolder: list.indexFolder,
    sensitivity: secrets ? 'normal' : resourceSensitivity(list),
    ...(list.delegated ? { timeBoxMs: DELEGATED_TIME_BOX_MS } : {}),
    ...(secrets ? { refuse: (page) => (isBareSecretsTable(page.body) ? null : 'secrets-not-as-table') } : {}),
  };
}

async function readList(planned: PlannedArtifact, list: PlannedList, context: CollectContext): Promise<CollectResult> {
  const capture = listCapture(planned, list);
  if (list.delegated) return await oneAtATime(context.cluster, async () => await captureList(capture, context));
  const result = await captureList(capture, context);
  if (!isSecrets(list) || list.namespace !== null || result.outcome !== 'collected') return result;
  if (await discoverSecrets(list, secretsFolder(list), context)) return result;
  return {
    ...result,
    detail: 'The namespaces of the Secrets could not all be learned: the list of namespaces failed.',
  };
}

async function* plan(context: PlanContext): AsyncGenerator<PlannedArtifact> {
  yield* planLists(context);
  await Promise.resolve();
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  return await readList(planned, plannedListSchema.parse(planned.data), context);
}

export const collector: Collector = {
  id: ID,
  title: 'API objects',
  doc: DOC.trim(),
  volatility: 'V0',
  tags: ['api', 'state'],
  needsKubelet: false,
  needs: ['resources'],
  permissions: [
    { apiGroup: '*', resource: '*', verbs: ['list'], why: 'Objects of every kind, as they are now.' },
    {
      apiGroup: '',
      resource: 'secrets',
      verbs: ['list'],
      why: 'Names, types and numbers of keys; values are never asked for.',
    },
    {
      apiGroup: '',
      resource: 'namespaces',
      verbs: ['list'],
      onlyWholeCluster: true,
      why: 'To say in which namespace each Secret is.',
    },
  ],
  plan,
  collect,
};
