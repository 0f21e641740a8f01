import { execaSync } from 'execa';
import { describe, expect, it } from 'vitest';
import { openLocalNode } from '../../../../test/fakes/local-node.js';
import { systemClock } from '../../../lib/clock.js';
import { farAnswer } from './far-answer.js';
import { parseFlows, parseProcesses } from './parse-answers.js';
import { openListener } from './probe-listener.js';
import { FLOWS_SCRIPT, PROCESSES_SCRIPT } from './probe-scripts.js';
import { type Attempt, tryConnections } from './try-connections.js';

const hasPerl = execaSync('sh', ['-c', 'command -v "$0"', 'perl'], { reject: false }).exitCode === 0;
const signal = new AbortController().signal;
const token = (): string => 'ab2c';

const attempt = (port: number, bannerHex: string | null): Attempt => ({
  ...{ pod: 'shop/cart', kind: 'egress', target: 't', mayPass: false, bannerHex },
  to: { who: 'uncontained', address: '127.0.0.1', port },
});

describe.skipIf(!hasPerl || process.platform !== 'linux')(
  "the probes' scripts on this machine, on loopback alone (skipped off Linux and without perl)",
  () => {
    it('reach our own listener, which knows itself, and no other once it is closed', async () => {
      const access = await openLocalNode();
      const from = { access, who: 'uncontained', inside: null } as const;
      const listener = await openListener({ access, pid: null }, { token, signal });
      const port = listener.at.find(({ family }) => family === 4)?.port ?? 0;
      const deps = { clock: systemClock, signal };
      const tried = await tryConnections(
        from,
        [attempt(port, listener.bannerHex), attempt(port, 'ff'), attempt(port, null)],
        deps,
      );
      expect(tried.map(({ result }) => result)).toEqual(['through', 'answered', 'through']);
      expect(tried[0]?.from).toMatchObject({ who: 'uncontained', address: '127.0.0.1' });
      expect(tried[0]?.from.port).toBeGreaterThan(0);
      await listener.close();
      await expect
        .poll(async () => (await tryConnections(from, [attempt(port, null)], deps))[0]?.detail)
        .toBe('refused');
      await access.close();
    });

    it('say so when the namespace is another than was meant', async () => {
      const access = await openLocalNode();
      const inside = { pid: process.pid, namespace: '1' };
      const [tried] = await tryConnections({ access, who: 'suspect', inside }, [attempt(1, null)], {
        ...{ clock: systemClock, signal },
      });
      expect(tried?.result).toBe('unknown');
      await access.close();
    });

    it('tell connections of a process, and no process of a pod that is not there', async () => {
      const access = await openLocalNode();
      const uid = '00000000-0000-4000-8000-000000000000\n';
      const found = parseProcesses(
        await farAnswer(access, { name: 'p', script: PROCESSES_SCRIPT, stdin: Buffer.from(uid) }),
      );
      expect(found.own).toMatch(/^\d+$/);
      expect(found.found).toEqual([]);
      const text = await farAnswer(access, { name: 'f', script: FLOWS_SCRIPT, args: [String(process.pid)] });
      const flows = parseFlows(text, { pod: 'a', namespace: found.own, isLittleEndian: true });
      expect(flows?.every(({ remote }) => !remote.address.startsWith('127.'))).toBe(true);
      await access.close();
    });
  },
);
