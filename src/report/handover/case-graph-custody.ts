import type { CustodyRecord } from '../../model/post-seal-custody.js';
import { actionNode, type GraphNode, label } from './case-graph-node.js';
import { graphId } from './graph-ids.js';
import type { HandoverFacts } from './handover-facts.js';

const ACTION = 1;
const PERFORMER = 2;
const RECEIVER = 3;

function person(id: string, name: string, signer: string | null): GraphNode {
  return {
    '@id': id,
    '@type': 'identity:Identity',
    'core:name': label(name),
    ...(signer === null ? {} : { 'core:description': `signed with the key ${label(signer)}` }),
  };
}

function descriptionOf(record: CustodyRecord): string {
  const parts: readonly (readonly [string, string | null])[] = [
    ['purpose', record.purpose],
    ['place', record.location],
    ['authority', record.authority],
    ['archive verified', record.verified?.verdict ?? 'no'],
    ['remarks', record.remarks],
  ];
  return parts.flatMap(([name, text]) => (text === null ? [] : [`${name}: ${text}`])).join('; ');
}

/** Every signed event since the seal as an action that follows the one before it. */
export function custodyNodes(
  { custody }: HandoverFacts,
  { archiveId, firstInformedBy }: { readonly archiveId: string; readonly firstInformedBy: string },
): { readonly nodes: readonly GraphNode[]; readonly actionIds: readonly string[] } {
  const nodes: GraphNode[] = [];
  const actionIds: string[] = [];
  for (const { record, sha256 } of custody.events) {
    const [action, performer, receiver] = [
      graphId(sha256, ACTION),
      graphId(sha256, PERFORMER),
      graphId(sha256, RECEIVER),
    ];
    // Whoever signs a transfer-in is the one who receives.
    const isReceipt = record.event === 'transfer-in';
    const by = isReceipt ? record.to : record.from;
    const other = isReceipt ? record.from : record.to;
    nodes.push(person(performer, by ?? `holder of ${record.signer}`, record.signer));
    if (other !== null) nodes.push(person(receiver, other, null));
    nodes.push(
      actionNode(action, {
        name: `custody: ${record.event}`,
        description: descriptionOf(record),
        startAt: record.at,
        endAt: record.at,
        performer,
        participants: other === null ? [] : [receiver],
        objects: [archiveId],
        informedBy: actionIds.at(-1) ?? firstInformedBy,
      }),
    );
    actionIds.push(action);
  }
  return { nodes, actionIds };
}
