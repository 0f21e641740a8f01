import { expect, it } from 'vitest';
import type { OutcomeRecord } from '../../model/outcome.js';
import type { PreparedQuarantine } from '../quarantine/prepare-quarantine.js';
import { lossOf } from './loss-of.js';
import type { RespondRequest } from './respond-state.js';

const prepared = { scene: { nodes: [{ name: 'one', uid: 'u', object: {} }] } } as unknown as PreparedQuarantine;
const request = (level: string, loseVolatile: readonly string[] = []) =>
  ({ target: 'node', names: ['one'], suspects: [], level, loseVolatile }) as unknown as RespondRequest;
const exhibitWith = (...artifacts: readonly string[]) => ({
  async *readOutcomes() {
    for (const artifact of artifacts)
      yield await Promise.resolve({
        artifact,
        collector: artifact.split('/')[0],
        outcome: 'collected',
      } as OutcomeRecord);
  },
});

it('is what vanishes from a machine that is severed, until it was read or its loss is named', async () => {
  const [processes, network] = ['processes/one/list', 'node-network/one/sockets'] as const;
  expect(await lossOf(request('sever'), prepared, exhibitWith(processes))).toMatchObject({
    ...{ code: 'VOLATILE_NOT_TAKEN', subject: 'one' },
  });
  expect(await lossOf(request('sever'), prepared, exhibitWith(processes, network))).toBeNull();
  expect(await lossOf(request('sever', ['one']), prepared, exhibitWith())).toBeNull();
  expect(await lossOf(request('isolate'), prepared, exhibitWith())).toBeNull();
});
