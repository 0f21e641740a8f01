#!/usr/bin/env node
// npm run demo: a whole case against the embedded range, in a folder of its own; no cluster, no cloud, nothing of the user's.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.js';
import { main, root, run } from './lib/run.js';

await main(async () => {
  await ensureBuilt();
  const home = join(root, '.cache/demo');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  console.error(`EXHIBIT_HOME=${home}`);
  // Whatever the user has set up for real cases must not leak into the demonstration, and the other way round.
  const env = {
    EXHIBIT_HOME: home,
    EXHIBIT_CASE: undefined,
    EXHIBIT_ALLOWED_SIGNERS: undefined,
    KUBECONFIG: undefined,
  };
  const { status } = await run(
    process.execPath,
    [join(root, 'bin/run.js'), 'drill', 'run', '--sandbox', ...process.argv.slice(2)],
    { env },
  );
  console.error('\nIn this checkout, exhibit is: node bin/run.js');
  return status;
});
