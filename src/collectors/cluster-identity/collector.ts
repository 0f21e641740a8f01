import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult } from '../../ports/collector.js';
import { captureBody } from '../capture-body.js';
import { MAX_JSON_BYTES } from '../json-body.js';
import { UNKNOWN_ARTIFACT } from '../unknown-artifact.js';
import { observeClock } from './observe-clock.js';
import { readSelfReview, REVIEW_PATH } from './self-review.js';
import { IDENTITY_SOURCES, type IdentitySource } from './sources.js';

const ID = 'cluster-identity';
const SELF_REVIEW = `${ID}/self-subject-review`;

const DOC = `
Which cluster this is, and who it says we are, in \`data/cluster/identity/\`: the version, the UID of \`kube-system\` (the nearest thing
to an identity that a cluster has), what the server announces (\`/api\`, \`/apis\`, each also in the aggregated form, as received), the leases of
\`kube-system\` (which API servers there are), \`/readyz?verbose\`, and the answer to a SelfSubjectReview: user, groups and credential
id as the server sees them. JSON counts as whole when it parses to its last byte, \`readyz\` when it ends with its verdict.

Each answer's \`Date\` bounds the offset between the server's clock and ours. It has whole seconds, so the interval in
\`meta/clock.jsonl\` is never narrower than a second plus the round trip. Behind a load balancer the answers, and so the dates, may come
from different servers. Every word here is the API server's own.
`;

async function* plan(): AsyncGenerator<PlannedArtifact> {
  for (const { name, path, required } of IDENTITY_SOURCES) yield { artifact: `${ID}/${name}`, required, source: path };
  yield { artifact: SELF_REVIEW, required: false, source: REVIEW_PATH };
  await Promise.resolve();
}

async function readSource(
  source: IdentitySource,
  planned: PlannedArtifact,
  context: CollectContext,
): Promise<CollectResult> {
  const { name, path, accept, query, suffix, sensitivity } = source;
  return await captureBody(
    {
      request: {
        path,
        kind: 'small',
        maxBytes: MAX_JSON_BYTES,
        ...(accept ? { accept } : {}),
        ...(query ? { query } : {}),
      },
      draft: {
        path: `data/cluster/identity/${name}.${suffix}`,
        artifact: planned.artifact,
        collector: ID,
        vantage: 'api',
        sensitivity,
      },
      accept: source.statuses,
      keepBytes: MAX_JSON_BYTES,
      judge: (body) => source.judge(body),
      seen: async (answer) => await observeClock(answer, context),
    },
    context,
  );
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  if (planned.artifact === SELF_REVIEW) return await readSelfReview(planned, context);
  const source = IDENTITY_SOURCES.find(({ name }) => planned.artifact === `${ID}/${name}`);
  if (source !== undefined) return await readSource(source, planned, context);
  return UNKNOWN_ARTIFACT;
}

const nonResource = (nonResourceUrl: string, why: string) =>
  ({ apiGroup: '', resource: '', verbs: ['get'], nonResourceUrl, why }) as const;

export const collector: Collector = {
  id: ID,
  title: 'Identity of the cluster',
  doc: DOC.trim(),
  volatility: 'V0',
  tags: ['api', 'identity'],
  needsKubelet: false,
  needs: [],
  permissions: [
    nonResource('/version', 'The version of the API server.'),
    nonResource('/api', 'What the server announces.'),
    nonResource('/apis', 'What the server announces.'),
    nonResource('/readyz', 'The state of the API server and its checks.'),
    { apiGroup: '', resource: 'namespaces', verbs: ['get'], why: 'The UID of kube-system identifies the cluster.' },
    { apiGroup: 'coordination.k8s.io', resource: 'leases', verbs: ['list'], why: 'Which API servers there are.' },
    {
      apiGroup: 'authentication.k8s.io',
      resource: 'selfsubjectreviews',
      verbs: ['create'],
      why: 'Who the server takes us for; changes nothing.',
    },
  ],
  plan,
  collect,
};
