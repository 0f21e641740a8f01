/** A node that is a machine of a cloud, with pods of every kind on it: what is done to both is seen, and given back. */
import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasMoto, needsMoto } from '../aws/moto.js';
import { readArchiveFile } from '../fakes/read-archive-file.js';
import { Desk, kubectl, openLaboratory, type Laboratory } from './laboratory.js';
import { collectorImage } from './pod-access.js';
import { TiedNode } from './tied-node.js';

interface Step {
  readonly name: string;
  readonly outcome: string;
  readonly reversibility: string;
  readonly subject: { readonly instance?: string };
}
interface Contained {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly notAchieved: readonly string[];
  readonly steps: readonly Step[];
  readonly checks: readonly { readonly lost: readonly { readonly name: string; readonly subject: string }[] }[];
}
interface Responded {
  readonly phases: readonly { readonly phase: string; readonly outcome: string; readonly reason: string }[];
  readonly containment: {
    readonly verdict: string;
    readonly reasons: readonly string[];
    readonly steps: readonly { readonly name: string; readonly subject: string; readonly outcome: string }[];
    readonly replacements: readonly string[] | null;
  } | null;
  readonly sealed: { readonly archivePath: string; readonly receiptPath: string } | null;
}
interface Released {
  readonly plans: readonly {
    readonly remaining: readonly number[];
    readonly comparison: readonly {
      readonly name: string;
      readonly reversibility: string;
      readonly state: string;
    }[];
  }[];
}
interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly annotations?: object };
  readonly spec: { readonly tolerations: readonly object[] };
  readonly status: { readonly containerStatuses: readonly { readonly restartCount: number }[] };
}

const EXTERNAL = process.env['LAB_EXTERNAL'] === '1';
/** Looked at again after 30, 60 and 120 s, as a user would have it, and not after 1, 2 and 4. */
const REAL_TIMES = process.env['EXHIBIT_REAL_TIMES'] === '1';
const LOOKS = REAL_TIMES ? [] : ['--recheck-at', '1,2,4'];
/** Of each tier something; the files of the node are those of the machine, and take minutes. */
const READ = ['cluster-identity', 'events', 'objects', 'pod-logs', 'node-access', 'processes', 'node-network'];
const REACHABLE = ['--keep-reachable', '10.213.77.0/24'];
const ISOLATE = ['--cloud', 'aws', '--level', 'isolate', ...REACHABLE];
const WHY = EXTERNAL ? ' (skipped with LAB_EXTERNAL=1: it adds a node)' : needsMoto;

describe.skipIf(EXTERNAL || !hasMoto)(`a node that is a machine of a cloud${WHY}`, () => {
  let laboratory: Laboratory;
  let tied: TiedNode;
  let desk: Desk;
  let node: string;
  let namespace: string;

  beforeAll(async () => {
    laboratory = await openLaboratory();
    tied = await TiedNode.make(laboratory);
    ({ name: node, namespace } = tied);
    await tied.populate();
  });
  afterAll(async () => {
    await tied.remove();
  });
  beforeEach(async () => {
    desk = await Desk.open(laboratory.kubeconfig, tied.variables);
  });
  afterEach(async ({ task }) => {
    // One that failed half-way would leave a node of the lab to the other files as it made it.
    if (task.result?.state === 'fail') await desk.exhibit(['release', '--yes', '--readopt']);
    await desk.close();
  });

  const podsHere = async (): Promise<readonly Pod[]> => {
    const here = ['get', 'pods', '-n', namespace, `--field-selector=spec.nodeName=${node}`, '-o', 'json'];
    return (JSON.parse(await kubectl(laboratory, here)) as { items: Pod[] }).items;
  };
  /** What a release gives back exactly, in the cluster: of the node, and of each pod that is named. */
  const clusterScene = async (names: ReadonlySet<string>) => {
    const text = await kubectl(laboratory, ['get', 'node', node, '-o', 'json']);
    const { metadata, spec } = JSON.parse(text) as { metadata: { annotations: object }; spec: object };
    const pods = (await podsHere()).filter((pod) => names.has(pod.metadata.name));
    return {
      ...{ annotations: metadata.annotations, spec },
      pods: pods.map((pod) => [pod.metadata.name, pod.metadata.uid, pod.metadata.annotations, pod.spec.tolerations]),
    };
  };
  const profile = async (...collectors: readonly string[]): Promise<string> => {
    const path = join(desk.home, `${String(collectors.length)}.yaml`);
    const metadata = { name: 'for-tests', title: 'For tests', description: 'What is named.' };
    await writeFile(path, JSON.stringify({ apiVersion: 'kubexhibit.dev/v1', kind: 'Profile', metadata, collectors }));
    return path;
  };
  const release = async (...more: readonly string[]) => {
    const back = await desk.json<Released>(['release', '--yes', ...more]);
    expect(back.exitCode, back.stderr).toBe(0);
    const [plan] = back.result.plans;
    expect(plan?.remaining).toEqual([]);
    return plan?.comparison ?? [];
  };
  const quarantine = (...more: readonly string[]) => [
    ...['quarantine', 'node', node, '--suspect', `${namespace}/loner`, '--allow-node', node],
    ...['--confirm', node, ...more],
  ];

  it('is responded to: held and taken off its network, read, sealed, and given back', async () => {
    const selectors = [
      ...['Deployment/web', 'StatefulSet/db', 'DaemonSet/agent', 'Job/batch'].map((one) => `owner=${namespace}/${one}`),
      ...[`${namespace}/loner`, `${namespace}/fixed-${node}`],
    ];
    const pods = await podsHere();
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    expect(names.size).toBe(6);
    const before = { cloud: await tied.scene(), cluster: await clusterScene(names) };
    expect(before.cloud).toMatchObject({ isProtected: false, onShutdown: 'terminate', ending: ['/dev/sda1'] });
    expect(new Set(before.cloud.groups.map((each) => each.join())).size).toBe(3);
    const call = [
      ...['respond', `node/${node}`, ...selectors.flatMap((one) => ['--suspect', one]), ...ISOLATE],
      ...['--allow-node', node, '--confirm', node, '--profile'],
    ];
    const look = ['--node-access', 'collector-pod', '--collector-image', collectorImage(laboratory)];
    const withLooks = [await profile(...READ), ...look, '--collector-image-present', ...LOOKS];
    const first = await desk.json<Responded>([...call, ...withLooks]);
    // The disk in the machine itself is what no snapshot can take.
    expect(first.exitCode, first.stderr).toBe(3);
    const phases = new Map(first.result.phases.map((one) => [one.phase, one]));
    for (const phase of ['vanishing', 'protect', 'volatile', 'contain', 'seal'])
      expect(phases.get(phase), first.stderr).toMatchObject({ outcome: 'done' });
    expect(phases.get('snapshot')).toMatchObject({ outcome: 'partial' });
    expect(phases.get('snapshot')?.reason).toContain('instance store');
    const { containment } = first.result;
    expect(containment?.steps.filter(({ outcome }) => outcome !== 'applied' && outcome !== 'held')).toEqual([]);
    expect(containment?.steps.filter(({ name }) => name === 'detach')).toHaveLength(6);
    // Nothing in the laboratory enforces a policy; the one that would allow everything is named all the same.
    expect(containment?.verdict).toBe('unverified');
    for (const { metadata } of pods)
      expect(containment?.reasons).toContain(
        `pod ${namespace}/${metadata.name}: egress is allowed by policy allow-all`,
      );
    const owners = containment?.replacements?.map((one) => /^[^/]+\/([a-z]+)-/.exec(one)?.[1]).sort();
    expect(owners).toEqual(['batch', 'web']);

    const during = await tied.scene();
    expect(during).toMatchObject({ isProtected: true, onShutdown: 'stop', ending: [], groupsMade: 1 });
    expect(during.member).toBe('Standby, protected: true');
    const [[made = ''] = []] = during.groups;
    expect(during.groups).toEqual([[made], [made], [made]]);
    expect(before.cloud.groups.flat()).not.toContain(made);
    const held = (await podsHere()).filter(({ metadata }) => names.has(metadata.name));
    expect(held.map(({ metadata }) => metadata.uid).sort()).toEqual(pods.map(({ metadata }) => metadata.uid).sort());
    expect(held.flatMap(({ status }) => status.containerStatuses.map((one) => one.restartCount))).toEqual(
      Array.from({ length: 6 }, () => 0),
    );

    const { archivePath = '', receiptPath = '' } = first.result.sealed ?? {};
    const verified = await desk.exhibit(['verify', archivePath, '--receipt', receiptPath]);
    expect(verified.exitCode, verified.stdout + verified.stderr).toBe(0);
    const outside = readArchiveFile(archivePath, 'meta/external.jsonl').toString().split('\n').filter(Boolean);
    const taken = await tied.snapshots();
    expect(outside.map((line) => (JSON.parse(line) as { id: string }).id).sort()).toEqual(taken);
    expect(taken).toHaveLength(2);

    const again = await desk.json<Responded>([...call, await profile('cluster-identity'), '--recheck-at', 'none']);
    expect(again.exitCode, again.stderr).toBe(3);
    expect(new Set(again.result.containment?.steps.map(({ outcome }) => outcome))).toEqual(new Set(['held']));
    expect(await tied.snapshots()).toEqual(taken);

    const comparison = await release();
    const differing = comparison.filter(({ state }) => state !== 'as-before');
    expect(new Set(differing.map(({ name, reversibility }) => `${name} ${reversibility}`))).toEqual(
      new Set(['detach compensated']),
    );
    expect(await tied.scene()).toEqual(before.cloud);
    expect(await clusterScene(names)).toEqual(before.cluster);
  });

  it('beside one that the cloud does not know and one that names none: those are named, and the machine is nobody else’s', async () => {
    const ghost = `ghost-${String(process.pid)}`;
    const spec = { providerID: 'aws:///eu-central-1a/i-0123456789abcdef0' };
    await tied.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name: ghost }, spec }]);
    try {
      const before = await tied.scene();
      const others = [ghost, 'node2'];
      const nodes = [...others, node].sort();
      const all = [
        ...['quarantine', 'node', ...nodes, '--suspect', `${namespace}/loner`, '--max-nodes', '3'],
        ...nodes.flatMap((one) => ['--allow-node', one]),
        ...['--cloud', 'aws', '--confirm', nodes.join(', '), '--recheck-at', 'none'],
      ];
      const held = await desk.json<Contained>(all);
      expect(held.exitCode, held.stderr).toBe(0);
      for (const other of others)
        expect(held.result.notAchieved).toContainEqual(
          expect.stringMatching(new RegExp(`^node ${other}: nothing was done to its machine: `)),
        );
      const machines = held.result.steps.flatMap(({ subject }) => subject.instance ?? []);
      expect(new Set(machines)).toEqual(new Set([tied.machine.instanceId]));
      const taken = await tied.snapshots();
      for (const other of others) {
        const refused = await desk.exhibit(['snapshot', 'node', other, '--yes']);
        expect([2, 12], refused.stderr).toContain(refused.exitCode);
        expect(refused.stderr).toContain(other);
      }
      expect(await tied.snapshots()).toEqual(taken);
      await release();
      expect(await tied.scene()).toEqual(before);
    } finally {
      await kubectl(laboratory, ['delete', 'node', ghost]);
    }
  });

  it('whose groups a controller puts back is not held by them any more: that is said, and done again when asked', async () => {
    const before = await tied.scene();
    const call = quarantine(...ISOLATE, '--recheck-at', '1,2,4', '--json');
    const running = desk.start(call);
    const over = new AbortController();
    const controller = async (): Promise<number> => {
      let times = 0;
      while (!over.signal.aborted) {
        // It comes by when the containment is at its end, as one does that looks every 30 s.
        if (Buffer.concat(heard).includes('0 s after the last step') && (await tied.reassert(1))) times += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return times;
    };
    const heard: Buffer[] = [];
    running.stderr.on('data', (chunk: Buffer) => heard.push(chunk));
    const putBack = controller();
    const ended = await running;
    over.abort();
    expect(await putBack).toBe(1);
    const { verdict, reasons, checks } = JSON.parse(ended.stdout) as Contained;
    expect(verdict).not.toBe('verified');
    const lost = checks.at(-1)?.lost ?? [];
    expect(lost.map(({ name }) => name)).toEqual(['interface-groups']);
    expect(JSON.stringify(lost)).toContain(tied.machine.interfaces[1]?.id);
    expect(reasons.join('\n')).toContain('interface-groups');

    const again = await desk.json<Contained>(quarantine(...ISOLATE, '--recheck-at', 'none'));
    const done = again.result.steps.filter(({ outcome }) => outcome !== 'held');
    expect(done.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['interface-groups applied']);
    expect(again.result.checks.at(-1)?.lost).toEqual([]);
    await release('--readopt');
    expect(await tied.scene()).toEqual(before);
  });

  it('is contained once, and given back, however often the program was killed at it', async () => {
    const before = await tied.scene();
    const call = quarantine(...ISOLATE, '--recheck-at', 'none');
    const plan = await desk.json<Contained>(quarantine(...ISOLATE, '--dry-run'));
    const { caseId } = (await desk.json<{ caseId: string }>(['case', 'open'])).result;
    const journal = join(desk.home, 'cases', caseId, 'journal.jsonl');
    const lines = async (): Promise<number> => (await readFile(journal, 'utf8').catch(() => '')).split('\n').length - 1;
    // Each step has a line before and one after; the plan is there before all of them.
    const planned = plan.result.steps.length;
    const moments = [randomInt(1, planned), randomInt(planned, 3 * planned)];
    for (const moment of moments) {
      const dying = desk.start(call);
      await expect.poll(lines, { interval: 5, timeout: 60_000 }).toBeGreaterThanOrEqual(moment);
      dying.kill('SIGKILL');
      await dying;
    }
    const held = await desk.json<Contained>(call);
    expect(held.exitCode, `killed at the lines ${moments.join()}: ${held.stderr}`).toBe(0);
    expect(held.result.steps.filter(({ outcome }) => outcome !== 'applied' && outcome !== 'held')).toEqual([]);
    expect((await tied.scene()).groupsMade).toBe(1);
    await release('--readopt');
    expect(await tied.scene(), `killed at the lines ${moments.join()}`).toEqual(before);
  });
});
