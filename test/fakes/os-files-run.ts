import { collector } from '../../src/collectors/os-files/collector.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { openDisk } from '../../src/node-access/local.js';
import type { Collector } from '../../src/ports/collector.js';
import type { NodeAccess } from '../../src/ports/node-access.js';
import { FakeCluster } from './fake-cluster.js';
import { fakeNode, fakeTargets, runCollector, type FakeRun } from './fake-cluster-run.js';

/** Takes one artifact of the catalogue from a folder as the disk of `node-1`. */
export async function takeFromDisk(
  root: string,
  name: string,
  wrap: (access: NodeAccess) => NodeAccess = (one) => one,
): Promise<FakeRun> {
  const opened = await openDisk(
    { node: 'node-1', root },
    { clock: systemClock, ids: systemIds },
    new AbortController().signal,
  );
  const only: Collector = {
    ...collector,
    async *plan(context) {
      for await (const planned of collector.plan(context))
        if (planned.artifact === `os-files/node-1/${name}`) yield planned;
    },
  };
  const cluster = new FakeCluster(() => {
    throw new Error('the cluster is not asked');
  });
  const targets = fakeTargets({ nodes: [fakeNode('node-1')] });
  const access = wrap(opened);
  return await runCollector({ collector: only, cluster, targets, nodeAccess: async () => access });
}

/** The same way to the node, with something done before each command whose name matches. */
export function before(match: RegExp, act: () => void): (access: NodeAccess) => NodeAccess {
  return (access) => ({
    facts: access.facts,
    close: async () => {
      await access.close();
    },
    run: async (command, consumer) => {
      if (match.test(command.name)) act();
      return await access.run(command, consumer);
    },
  });
}

/** The lines that were derived of an artifact, without the parts that change from run to run. */
export function derivedOf(run: FakeRun, name: string): Record<string, unknown>[] {
  const text = run.sink.at(`data/derived/nodes/node-1/os-files/${name}.jsonl`).bytes.toString('latin1').trimEnd();
  return text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}
