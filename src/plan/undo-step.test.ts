import { describe, expect, it } from 'vitest';
import type { CloudStep } from '../model/action.js';
import { FakeActuator } from '../../test/fakes/fake-actuator.js';
import { FakeCloudActuator } from '../../test/fakes/fake-cloud-actuator.js';
import { undoStep } from './undo-step.js';

const GROUP: CloudStep = {
  step: 1,
  name: 'quarantine-group',
  kind: 'quarantine-group',
  phase: 'contain',
  subject: {
    ...{ cloud: 'aws', account: '123456789012', region: 'eu-central-1', type: 'security-group' },
    ...{ id: 'vpc-1/exhibit-a', instance: 'i-1' },
  },
  before: null,
  intended: { vpc: 'vpc-1', name: 'exhibit-a', ingress: [], egress: [] },
  reversibility: 'exact',
  undo: 'deletes the group',
  needs: [],
};

describe('undoing', () => {
  it.each([
    ['takes away once a group that was begun and is not seen because it is not whole', true, 1],
    ['writes nothing for a group that was whole and is gone', false, 0],
  ])('%s', async (_what, isUnfinished, writes) => {
    const cloud = new FakeCloudActuator();
    const tools = { actuator: new FakeActuator().actuator, cloud: { actuator: cloud.actuator, caseToken: 'k7' } };
    const options = { readopt: false, force: false, isUnfinished };
    const written = await undoStep(GROUP, 'p1', { options, tools });
    expect(written.why).toBeNull();
    expect(cloud.writes).toHaveLength(writes);
  });
});
