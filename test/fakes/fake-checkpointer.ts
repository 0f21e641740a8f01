import type { ActionEffect, ActionRecord, PlannedAction } from '../../src/ports/action-record.js';
import type { ActuateAnswer } from '../../src/ports/cluster-actuator.js';
import type { CollectContext } from '../../src/ports/collector.js';
import type { ContainerName } from '../../src/ports/container-checkpointer.js';

const CALL = {
  method: 'POST',
  url: 'https://api.example/checkpoint',
  auditId: 'audit-1',
  sentAt: '2026-01-01T00:00:00.000Z',
  attempts: 1,
  bodySha256: 'a'.repeat(64),
  warnings: [],
};

/** A kubelet that answers so; what the request says of itself is filled in. */
export const said = (path: string): ActuateAnswer => ({
  ...CALL,
  outcome: 'done',
  status: 200,
  object: { items: [path] },
});
export const answered = (object: unknown): ActuateAnswer => ({ ...CALL, outcome: 'done', status: 200, object });
export const lost = (detail: string): ActuateAnswer => ({ ...CALL, outcome: 'unknown', detail });
export const refused = (status: number, kind: 'forbidden' | 'not-found', message: string): ActuateAnswer => {
  const right = { verb: 'create', group: '', resource: 'nodes/proxy', namespace: '', name: 'node-1' };
  const refusal = { kind, status, reason: '', message, causes: [], retryAfterMs: null, right };
  return { ...CALL, outcome: 'refused', status, refusal };
};

/** Remembers in one order what was recorded and what was asked for. */
export class FakeChanges implements NonNullable<CollectContext['changes']> {
  readonly log: string[] = [];
  readonly effects: ActionEffect[] = [];
  readonly actions: PlannedAction[] = [];
  readonly record: ActionRecord = {
    action: async (action) => {
      this.log.push(`action ${action.kind}`);
      this.actions.push(action);
      await Promise.resolve();
    },
    effect: async (effect) => {
      this.log.push(`effect ${effect.kind} ${effect.outcome}`);
      this.effects.push(effect);
      await Promise.resolve();
    },
  };
  readonly checkpointer = {
    checkpoint: async (container: ContainerName): Promise<ActuateAnswer> => {
      this.log.push(`checkpoint ${container.namespace}/${container.pod}/${container.container}`);
      return await this.#answer(container);
    },
  };
  readonly #answer: (container: ContainerName) => ActuateAnswer | Promise<ActuateAnswer>;

  constructor(answer: (container: ContainerName) => ActuateAnswer | Promise<ActuateAnswer>) {
    this.#answer = answer;
  }
}
