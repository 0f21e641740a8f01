#!/usr/bin/env node
// npm run tamper: measures how many changed archives the verifier misses, and writes docs/error-rate.md from that run.
// EXHIBIT_TAMPER_SAMPLE=1 does a little of everything and writes nothing; EXHIBIT_TAMPER_SEED=<number> repeats a run.
import { main, printTotals } from './lib/run.js';
import { runProjects } from './lib/vitest-run.js';

await main(async () => {
  const count = await runProjects(['tamper']);
  if (count.skipped > 0)
    console.log(`${count.skipped} skipped: what they need is not on this machine, or only the full run does it`);
  printTotals(count);
  return count.failed > 0 || count.passed === 0 ? 1 : 0;
});
