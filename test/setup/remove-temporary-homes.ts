/** What the fakes of a test file made for it is removed when it has ended. */
import { rmSync } from 'node:fs';
import { afterAll } from 'vitest';
import { temporaryHomes } from '../fakes/temporary-homes.js';

afterAll(() => {
  for (const home of temporaryHomes) rmSync(home, { recursive: true, force: true });
  temporaryHomes.clear();
});
