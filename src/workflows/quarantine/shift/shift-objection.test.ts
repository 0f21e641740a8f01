import { describe, expect, it } from 'vitest';
import { FakeActuator } from '../../../../test/fakes/fake-actuator.js';
import { FakeCluster } from '../../../../test/fakes/fake-cluster.js';
import { json, listOf } from '../../../../test/fakes/fake-cluster-world.js';
import type { ClusterStep } from '../../../model/action.js';
import { type Authority, NOT_STATED } from '../../../model/case.js';
import { applyStep } from '../../../plan/apply-step.js';
import { type ObjectionDeps, shiftObjection } from './shift-objection.js';

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'dns', uid: 'u-rs', controller: true };
const READY = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const podOf = (name: string, metadata: object = {}, node = 'worker') => ({
  metadata: {
    ...{ name, namespace: 'shop', uid: `u-${name}`, labels: { 'k8s-app': 'kube-dns' }, ownerReferences: [OWNER] },
    ...metadata,
  },
  spec: { nodeName: node, containers: [{ image: 'registry.example/dns' }] },
  status: READY,
});
const [POD, OTHER] = [podOf('a'), podOf('b', {}, 'other')];

const STEP: ClusterStep = {
  ...{ step: 1, name: 'shift', kind: 'evict-pod', phase: 'contain', needs: [] },
  subject: { group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'a', uid: 'u-a' },
  ...{ before: { ending: false }, intended: { ending: true }, reversibility: 'irreversible', undo: '' },
};

function objectionOf(pods: readonly object[], given: Partial<ObjectionDeps> = {}, listStatus = 200) {
  const cluster = new FakeCluster(({ path }) => {
    const name = path.split('/').at(-1) ?? '';
    if (name === 'a') return pods[0] === undefined ? json({ kind: 'Status' }, 404) : json(pods[0]);
    return listStatus === 200 ? listOf(name === 'pods' ? pods : []) : json({ kind: 'Status' }, listStatus);
  });
  return shiftObjection({
    ...{ cluster, authority: NOT_STATED, nodes: new Set(['worker']), suspected: new Set() },
    ...{ signal: new AbortController().signal, ...given },
  });
}

describe('an eviction that was planned', () => {
  it('has no objection while another replica is ready elsewhere, and one when it is gone', async () => {
    expect(await objectionOf([POD, OTHER])(STEP)).toBeNull();
    expect(await objectionOf([POD])(STEP)).toContain('last ready replica');
  });

  it('is not of a pod that is a suspect by now, here or in another plan', async () => {
    expect(await objectionOf([POD, OTHER], { suspected: new Set(['u-a']) })(STEP)).toContain('matches the suspects');
    const labelled = podOf('a', { labels: { 'kubexhibit.dev/quarantine': 'k7m2p9' } });
    expect(await objectionOf([labelled, OTHER])(STEP)).toContain('it is a suspect itself');
  });

  it('is not of a pod to whose namespace the authority does not reach', async () => {
    const authority = { statement: 's', limits: { namespaces: ['other'] } } as unknown as Authority;
    expect(await objectionOf([POD, OTHER], { authority })(STEP)).toContain('authority of the case');
  });

  it('is not done where it cannot be judged again', async () => {
    expect(await objectionOf([POD, OTHER], {}, 403)(STEP)).toContain('could not be read again');
  });

  it('ends with the interruption where reading does', async () => {
    const signal = AbortSignal.abort();
    await expect(objectionOf([POD, OTHER], { signal }, 403)(STEP)).rejects.toThrow('forbidden');
  });

  it.each([
    ['gone', undefined],
    ['another one', podOf('a', { uid: 'u-new' })],
    ['ending', podOf('a', { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ])('needs no write where the pod is %s', async (_what, pod) => {
    expect(await objectionOf(pod === undefined ? [] : [pod])(STEP)).toBeNull();
  });

  it('is asked about before the write, and never written against the objection', async () => {
    const world = new FakeActuator();
    world.put('pods', POD);
    const tools = { actuator: world.actuator, objection: objectionOf([POD]) };
    expect(await applyStep(STEP, 'p1', tools)).toMatchObject({ why: 'refused', wrote: false });
    expect(world.writes).toEqual([]);
    const allowed = await applyStep(STEP, 'p1', { ...tools, objection: objectionOf([POD, OTHER]) });
    expect(allowed).toMatchObject({ why: null, wrote: true });
  });
});
