import { expect, it } from 'vitest';
import { depsWithoutCluster, idleCollector, requestOf } from '../../test/fakes/collect-call.js';
import { NEW_CASE, temporaryStore } from '../../test/fakes/evidence-case.js';
import { collect } from './collect.js';

const ofKubelets = idleCollector('kubelet-things', { needsKubelet: true });

it('opens no exhibit where nothing of the profile can be read in the way that was asked for', async () => {
  const { store } = temporaryStore();
  const { caseId } = await store.create(NEW_CASE);
  const collecting = collect(requestOf(ofKubelets), depsWithoutCluster(ofKubelets, { store, caseId }));
  await expect(collecting).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: expect.stringContaining('kubelet-things') as string,
  });
  const again = await store.open(caseId);
  expect(await again.exhibit()).toBeNull();
  await again.release();
});
