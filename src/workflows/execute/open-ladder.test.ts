import { expect, it } from 'vitest';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { ActionEffect } from '../../ports/action-record.js';
import type { CollectRequest } from '../collect-request.js';
import { openLadder } from './open-ladder.js';

const effect = (outcome: ActionEffect['outcome']): ActionEffect => ({
  kind: 'remove-pods',
  subject: 'pods ns/exhibit-abc-1',
  outcome,
  detail: 'still there \u001b[31m',
  auditIds: [],
  after: null,
});

it('what stays behind is recorded, and said to people', async () => {
  const said: string[] = [];
  const logged: unknown[] = [];
  const exhibit = {
    requestLog: {},
    custody: { append: (event: string, fields: object) => Promise.resolve(void logged.push([event, fields])) },
  } as unknown as ExhibitSpool;
  const request = { nodeAccess: ['collector-pod'], kubelet: false } as unknown as CollectRequest;
  const io = { emit: (code: string, text: string) => void said.push(`${code} ${text}`), progress: () => undefined };
  await openLadder(
    request,
    {
      io,
      rungs: async (_, { changes }) => {
        for (const outcome of ['proven-gone', 'left-behind'] as const) await changes.effect(effect(outcome));
        return [];
      },
    },
    { exhibit, nodes: [] },
  );
  expect(logged).toEqual([
    ['side-effect', effect('proven-gone')],
    ['side-effect', effect('left-behind')],
  ]);
  expect(said).toEqual([
    expect.stringMatching(/^CLEANUP_FOUND pods ns\/exhibit-abc-1 stays: still there [\x20-\x7e]+$/),
  ]);
});
