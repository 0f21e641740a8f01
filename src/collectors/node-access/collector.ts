import { safeSegment } from '../../lib/safe-path.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { ClockRecord } from '../../model/request.js';
import type { NodeTarget } from '../../model/target.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { captureCommand } from '../capture-command.js';
import { DerivedLines } from '../derived-lines.js';
import { nodeSubject } from '../node-subject.js';
import { ANSWERS } from './answers.js';
import { observeNodeClock } from './observe-node-clock.js';

const ID = 'node-access';

const DOC = `
How each node was reached, in \`data/nodes/<node>/access/\`. \`answers.txt\` is what the far side said of itself: user, kernel, clock, boot
id, pressure, its own mounts, namespaces and capabilities. \`data/derived/nodes/<node>/access.jsonl\`, which is ours, says which way was taken, which ways were refused before it
and why, which tools and capabilities there are, and what cannot be seen this way (\`degraded\`).

The node's clock is bounded by the round trip of one question and recorded in \`meta/clock.jsonl\`; a clock that contradicts ours by more
than that is an alarm. A mounted disk has no clock.

Everything here is the node's own word. The digest that the far side computes proves that the bytes arrived as they were sent, not that they
are true.
`;

const answersPath = ({ name }: NodeTarget): string => `data/nodes/${safeSegment(name)}/access/answers.txt`;
const keyOf = (node: string): string => `${ID}/${safeSegment(node)}`;

async function* plan({ targets }: PlanContext): AsyncGenerator<PlannedArtifact> {
  for (const { name } of targets.nodes) {
    yield { artifact: keyOf(name), required: true, source: `the way to node ${safeSegment(name)}`, node: name };
  }
  await Promise.resolve();
}

async function writeFacts(
  { access, clock }: { readonly access: NodeAccess; readonly clock: ClockRecord | null },
  { artifact, node }: { readonly artifact: string; readonly node: NodeTarget },
  context: CollectContext,
): Promise<void> {
  const { facts, refusals = [] } = access;
  const lines = new DerivedLines(context.sink, {
    path: `data/derived/nodes/${safeSegment(node.name)}/access.jsonl`,
    artifact,
    collector: ID,
    vantage: facts.vantage,
    sensitivity: 'normal',
  });
  try {
    await lines.add({ node, facts, refusals, clock });
    await lines.commit(nodeSubject(node), [answersPath(node)]);
  } finally {
    await lines.abort();
  }
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const node = context.targets.nodes.find(({ name }) => name === planned.node);
  if (node === undefined) return { outcome: 'skipped', reason: 'unknown-artifact', detail: '', proof: {} };
  const access = await context.nodeAccess(node.name);
  const clock = access.facts.vantage === 'live-kernel' ? await observeNodeClock(access, context) : null;
  if (clock !== null) await context.recordClock(clock);
  const { result } = await captureCommand(
    {
      access,
      command: ANSWERS,
      draft: { path: answersPath(node), artifact: planned.artifact, collector: ID, sensitivity: 'normal' },
      subject: nodeSubject(node),
    },
    context,
  );
  if (result.outcome === 'collected' || result.outcome === 'partial')
    await writeFacts({ access, clock }, { artifact: planned.artifact, node }, context);
  return result;
}

export const collector: Collector = {
  id: ID,
  title: 'How the nodes were reached',
  doc: DOC.trim(),
  volatility: 'V1',
  tags: ['node', 'node-access'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [],
  plan,
  collect,
};
