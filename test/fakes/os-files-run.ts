import { collector } from '../../src/collectors/os-files/collector.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { openDisk } from '../../src/node-access/local.js';
import type { Collector } from '../../src/ports/collector.js';
import type { NodeAccess } from '../../src/ports/node-access.js';
import type { FakeRun } from './fake-cluster-run.js';
import { runOnNode } from './local-node.js';

/** A folder as the disk of `node-1`. */
export async function openFolder(root: string): Promise<NodeAccess> {
  const options = { clock: systemClock, ids: systemIds };
  return await openDisk({ node: 'node-1', root }, options, new AbortController().signal);
}

/** Takes one artifact of the catalogue from a folder as the disk of `node-1`. */
export async function takeFromDisk(
  root: string,
  name: string,
  wrap: (access: NodeAccess) => NodeAccess = (one) => one,
): Promise<FakeRun> {
  return await takeBy(wrap(await openFolder(root)), name);
}

/** Takes one artifact of the catalogue by a way to `node-1` that is open. */
export async function takeBy(access: NodeAccess, name: string): Promise<FakeRun> {
  const only: Collector = {
    ...collector,
    async *plan(context) {
      for await (const planned of collector.plan(context))
        if (planned.artifact === `os-files/node-1/${name}`) yield planned;
    },
  };
  return await runOnNode(only, access);
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
