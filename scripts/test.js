#!/usr/bin/env node
// npm test: installs and builds when that is needed, then runs the projects named, or those that need nothing but this machine.
import { ensureBuilt } from './build.js';
import { main, mustRun, printTotals } from './lib/run.js';
import { runProjects } from './lib/vitest-run.js';

const EVERYWHERE = ['unit', 'conformance', 'golden', 'architecture', 'e2e'];
const ON_REQUEST = ['interop', 'aws', 'browser', 'lab', 'torture'];

await main(async () => {
  const args = process.argv.slice(2);
  const named = args.filter((arg) => [...EVERYWHERE, ...ON_REQUEST].includes(arg));
  const filters = args.filter((arg) => !named.includes(arg));
  await ensureBuilt();
  // Returns at once when the lab runs already; it stays up for the next run, `npm run lab:down` ends it.
  if (named.includes('lab') && process.env.LAB_EXTERNAL !== '1') await mustRun('bash', ['test/lab/up.sh']);
  const count = await runProjects(named.length > 0 ? named : EVERYWHERE, { filters });
  if (count.skipped > 0) console.log(`${count.skipped} skipped: what they need is not on this machine`);
  if (count.passed + count.failed === 0) console.log('no test was found');
  printTotals(count);
  return count.failed > 0 || count.passed === 0 ? 1 : 0;
});
