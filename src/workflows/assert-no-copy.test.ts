import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { depsWithoutCluster, idleCollector, requestOf } from '../../test/fakes/collect-call.js';
import { newExhibit, OPENING, temporaryStore } from '../../test/fakes/evidence-case.js';
import { collect } from './collect.js';

const anything = idleCollector('anything', { needsKubelet: false });

it('a collection goes into no redacted copy that a killed run began', async () => {
  const { store, home } = temporaryStore();
  const { openCase, exhibit } = await newExhibit(store);
  const { caseId } = openCase.file;
  const derivedFrom = {
    exhibitId: 'case-abcd-x0001',
    tagmanifestSha256: 'a'.repeat(64),
    containerSha256: 'b'.repeat(64),
    redactions: 1,
  };
  await exhibit.writeOpening({ ...OPENING, derivedFrom });
  await openCase.release();
  const collecting = collect(requestOf(anything, { kind: 'drill' }), depsWithoutCluster(anything, { store, caseId }));
  await expect(collecting).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: `exhibit ${caseId}-x0001 is a redacted copy of case-abcd-x0001 that was not finished`,
  });
  rmSync(home, { recursive: true });
});
