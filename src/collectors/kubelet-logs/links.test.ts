import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeCluster } from '../../../test/fakes/fake-cluster.js';
import { fakeNode, fakeTargets, runCollector } from '../../../test/fakes/fake-cluster-run.js';
import { file, listing } from '../../../test/fakes/fake-cluster-world.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { openDisk } from '../../node-access/local.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { collector } from './collector.js';

const LOGS = '/api/v1/nodes/node-1/proxy/logs/';
const DOCKER = `/var/lib/docker/containers/${'a'.repeat(64)}/${'a'.repeat(64)}-json.log`;

interface Line {
  readonly nameDisplay: string;
  readonly fate: string;
  readonly target?: string;
}

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-links-'));
  mkdirSync(join(root, 'var/log/pods'), { recursive: true });
  writeFileSync(join(root, 'var/log/kubelet.log'), 'whole');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A kubelet that serves every name, as one does that follows links as root. */
async function collectWith(access: (whole: NodeAccess) => NodeAccess) {
  const cluster = new FakeCluster(({ path }) => {
    const name = path.slice(LOGS.length);
    if (name === '') return listing('kubelet.log', 'planted', 'pods/');
    return name === 'pods/' ? listing('0.log', 'b.log') : file('what it leads to');
  });
  const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
  const whole = await openDisk({ node: 'node-1', root }, options, new AbortController().signal);
  const run = await runCollector({
    collector,
    cluster,
    targets: fakeTargets({ nodes: [fakeNode('node-1')] }),
    nodeAccess: async () => await Promise.resolve(access(whole)),
  });
  const text = run.sink.at('data/derived/nodes/node-1/logs-tree.jsonl').bytes.toString();
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return { lines, asked: cluster.requests.map(({ path }) => path.slice(LOGS.length)) };
}

describe('a link in the log folder, where the node can be asked', () => {
  beforeEach(() => {
    symlinkSync('/etc/shadow', join(root, 'var/log/planted'));
    symlinkSync(DOCKER, join(root, 'var/log/pods/0.log'));
    symlinkSync(`${DOCKER}/../../../etc/shadow`, join(root, 'var/log/pods/b.log'));
  });

  it('is recorded with its target and not asked for, unless it leads to a log of Docker', async () => {
    const { lines, asked } = await collectWith((whole) => whole);
    const fates = Object.fromEntries(lines.map(({ nameDisplay, fate, target }) => [nameDisplay, [fate, target]]));
    expect(fates).toMatchObject({
      'planted': ['link', '/etc/shadow'],
      'kubelet.log': ['planned', undefined],
      'pods/0.log': ['planned', undefined],
      'pods/b.log': ['link', `${DOCKER}/../../../etc/shadow`],
    });
    expect(asked).toEqual(expect.arrayContaining(['kubelet.log', 'pods/0.log']));
    expect(asked).not.toContain('planted');
    expect(asked).not.toContain('pods/b.log');
  });

  it('cannot be told from a file where the node did not answer whole', async () => {
    const { lines, asked } = await collectWith((whole) => ({
      facts: whole.facts,
      close: async () => await whole.close(),
      run: async (command, consumer) => ({ ...(await whole.run(command, consumer)), end: 'cut' as const }),
    }));
    expect(lines.map(({ fate }) => fate)).not.toContain('link');
    expect(asked).toContain('planted');
  });
});
