import { beforeAll, describe, expect, it } from 'vitest';
import { bundleCrashWriter, killAndRecover } from '../fakes/kill-and-recover.js';
import { extentOf } from './extent.js';

/** kill -9 while collecting and while sealing, at random points; three of each a seed. `npm test` runs three seeds of these. */
const { size: seeds, seed: first } = extentOf('cases killed six times', { full: 170, sample: 4 });

let program: string;

beforeAll(async () => {
  program = await bundleCrashWriter();
});

describe('a thousand kills', () => {
  it('lose nothing that was promised, and every case can be sealed and verifies', async () => {
    let items = 0;
    for (let seed = first; seed < first + seeds; seed += 1) {
      const report = await killAndRecover({ program, seed, rounds: 3 });
      expect({ seed, verdict: report.verdict }).toEqual({
        seed,
        verdict: expect.stringMatching(/^(VERIFIED|VERIFIED_PARTIAL|sealed)$/) as string,
      });
      items += report.items;
    }
    expect(items).toBeGreaterThan(seeds);
  });
});
