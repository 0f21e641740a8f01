import { spawn, execFileSync } from 'node:child_process';
import { it, expect } from 'vitest';
import { openLocalNode, runOnNode } from '../../../test/fakes/local-node.js';
import { collector as processes } from './collector.js';
import { collector as network } from '../node-network/collector.js';

it('measures', async () => {
  const sh = spawn('bash', ['-c', `
for i in $(seq 200); do ip netns add exb$i; nsenter --net=/run/netns/exb$i sleep 900 & done
for i in $(seq 1800); do sleep 900 & done
echo ready; wait`], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  await new Promise((r) => sh.stdout.once('data', r));
  try {
    const access = await openLocalNode();
    for (const c of [processes, network]) {
      const t0 = performance.now();
      let last = t0;
      const run = await runOnNode({ ...c, collect: async (p, x) => { const r = await c.collect(p, x); const n = performance.now(); console.log(p.artifact, Math.round(n - last), 'ms', JSON.stringify(r).slice(0, 300)); last = n; return r; } }, access);
      console.log(c.id, Math.round(performance.now() - t0), 'ms', run.sink.writtenBytes, 'bytes', Math.round(process.memoryUsage().rss / 1e6), 'MB rss');
    }
    expect(1).toBe(1);
  } finally {
    process.kill(-sh.pid!, 'SIGKILL');
    for (let i = 1; i <= 200; i++) execFileSync('ip', ['netns', 'del', `exb${i}`]);
  }
}, 300_000);
