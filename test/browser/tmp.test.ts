import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { it, expect } from 'vitest';
import { VerifierPage } from './verifier-page.js';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../fakes/archive-builder.js';
const key = generateKeyPairSync('ed25519').privateKey;
it('works', async () => {
  const p = await VerifierPage.open();
  try {
    const bytes = randomBytes(128 * 2 ** 20);
    const good = gzipOf(packBag(sealedBag(key, { payload: [{ path: 'data/x', bytes, artifact: 'a' }] })));
    writeFileSync(p.directory + '/a.gz', good);
    const cdp = await p.devtools();
    await cdp.send('Performance.enable');
    const time = async () =>
      Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
    for (let i = 0; i < 3; i++) {
      const a = await time();
      if (i === 2) {
        await cdp.send('Profiler.enable');
        await cdp.send('Profiler.start');
      }
      const s = await p.verifyFile(p.directory + '/a.gz', { signers: allowedSignersOf(key) });
      const b = await time();
      console.log(
        s.verdict,
        /Checked in .*unpacked/.exec(s.text)?.[0],
        'process cpu',
        (b.ProcessTime - a.ProcessTime).toFixed(2),
        'MB/cpu s',
        (134.2 / (b.ProcessTime - a.ProcessTime)).toFixed(0),
        'script',
        (b.ScriptDuration - a.ScriptDuration).toFixed(2),
      );
      if (i === 2) {
        const { profile } = await cdp.send('Profiler.stop');
        const self = new Map<string, number>();
        const byId = new Map(profile.nodes.map((n) => [n.id, n.callFrame.functionName + ':' + n.callFrame.lineNumber]));
        profile.samples!.forEach((id, k) => {
          const n = byId.get(id)!;
          self.set(n, (self.get(n) ?? 0) + profile.timeDeltas![k]!);
        });
        console.log(
          [...self]
            .sort((x, y) => y[1] - x[1])
            .slice(0, 12)
            .map(([n, t]) => n + ' ' + (t / 1000).toFixed(0))
            .join('\n'),
        );
      }
    }
    expect(1).toBe(1);
  } finally {
    await p.close();
  }
});
