import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { NodeTarget } from '../../model/target.js';
import type { ActionRecord } from '../../ports/action-record.js';
import type { CollectContext } from '../../ports/collector.js';
import type { CollectDeps, CollectRequest } from '../collect-request.js';
import { NodeLadder } from './node-ladder.js';

const MAX_SAID_LENGTH = 300;

/** Changes to the outside world as entries of the custody log: what is planned before it is made, what became of it after. */
export function changesOf({ custody }: Pick<ExhibitSpool, 'custody'>): ActionRecord {
  return {
    action: async (action) => {
      await custody.append('action', { ...action });
    },
    effect: async (effect) => {
      await custody.append('side-effect', { ...effect });
    },
  };
}

/** What changes more than nothing, where it was asked for; `undefined` = nothing of the kind was. */
export async function openChanges(
  { limits }: Pick<CollectRequest, 'limits'>,
  deps: Pick<CollectDeps, 'checkpointer'>,
  exhibit: ExhibitSpool,
): Promise<CollectContext['changes']> {
  if ((limits.checkpoints ?? []).length === 0) return undefined;
  const checkpointer = await deps.checkpointer?.(exhibit.requestLog);
  return checkpointer === undefined ? undefined : { checkpointer, record: changesOf(exhibit) };
}

/** The same, and people learn at once what stays behind, not only from the log. */
export function saying(changes: ActionRecord, { io }: Pick<CollectDeps, 'io'>): ActionRecord {
  return {
    ...changes,
    effect: async (effect) => {
      if (effect.outcome === 'left-behind')
        io.emit('CLEANUP_FOUND', `${effect.subject} stays: ${escapeForTerminal(effect.detail, MAX_SAID_LENGTH)}`);
      await changes.effect(effect);
    },
  };
}

/** The ways to the nodes that the request names; how each node was reached is in the custody log before the first answer is. */
export async function openLadder(
  { nodeAccess, kubelet, ...request }: CollectRequest,
  deps: Pick<CollectDeps, 'rungs' | 'io'>,
  { exhibit, nodes }: { readonly exhibit: ExhibitSpool; readonly nodes: readonly NodeTarget[] },
): Promise<NodeLadder> {
  const records = { requests: exhibit.requestLog, changes: saying(changesOf(exhibit), deps) };
  const rungs = nodeAccess.length === 0 ? [] : ((await deps.rungs?.({ ...request, nodeAccess }, records)) ?? []);
  return new NodeLadder({
    rungs,
    nodes,
    record: async ({ name, uid }, { access, refusals }) => {
      await exhibit.custody.append('preflight', {
        phase: 'node-access',
        node: name,
        nodeUid: uid,
        kubelet: kubelet ? 'asked through the API proxy' : 'not asked for',
        refusals,
        chosen: access?.facts ?? null,
      });
    },
  });
}
