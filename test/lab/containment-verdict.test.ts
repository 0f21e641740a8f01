/** Whether a containment holds is seen by connections that are tried, on a network that nobody filters, and on one that the test filters. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, deleteNamespaces, kubectl, openLaboratory, type Laboratory } from './laboratory.js';
import { collectorImage } from './pod-access.js';
import { TestEnforcer } from './test-enforcer.js';

interface Probe {
  readonly kind: string;
  readonly result: string;
  readonly from: { readonly who: string; readonly address: string; readonly port: number };
  readonly to: { readonly who: string; readonly address: string; readonly port: number };
}
interface Contained {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly checks: readonly {
    readonly afterSeconds: number;
    readonly probes: readonly Probe[];
    readonly flows: readonly object[] | null;
    readonly lost: readonly object[];
  }[];
}

const EXTERNAL = process.env['LAB_EXTERNAL'] === '1';
const NAMESPACE = `exhibit-verdict-${process.pid}`;
let laboratory: Laboratory;
let desk: Desk;
let enforcer: TestEnforcer;
let node: string;

const apply = async (object: object): Promise<void> => {
  const path = join(desk.home, 'object.json');
  await writeFile(path, JSON.stringify(object));
  await kubectl(laboratory, ['apply', '-n', NAMESPACE, '-f', path]);
};

async function startPod(name: string, command: string): Promise<string> {
  const image = laboratory.settings['LAB_IMAGE'] ?? '';
  const containers = [{ name, image, command: ['sh', '-c', command], imagePullPolicy: 'IfNotPresent' }];
  const spec = { nodeName: node, terminationGracePeriodSeconds: 0, containers };
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec });
  await kubectl(laboratory, ['wait', '--for=condition=Ready', `pod/${name}`, '-n', NAMESPACE, '--timeout=60s']);
  return await kubectl(laboratory, ['get', 'pod', name, '-n', NAMESPACE, '-o', 'jsonpath={.status.podIP}']);
}

/** The same command each time: it goes on with the one containment, and looks at it anew. */
async function contain(pod: string, ...more: readonly string[]) {
  const name = `${NAMESPACE}/${pod}`;
  const held = await desk.json<Contained>([
    ...['quarantine', 'pod', name, '--allow-node', node, '--confirm', name, '--recheck-at', '1,2,4'],
    ...['--node-access', 'collector-pod', '--collector-image', collectorImage(laboratory), '--collector-image-present'],
    ...more,
  ]);
  expect(held.exitCode, held.stderr).toBe(0);
  expect(held.result.checks.map(({ afterSeconds }) => afterSeconds)).toEqual([0, 1, 2, 4]);
  expect(held.result.checks.flatMap(({ lost }) => lost)).toEqual([]);
  return held.result;
}

const resultsOf = ({ checks }: Contained, kind: string): readonly string[] =>
  checks.at(-1)?.probes.flatMap((probe) => (probe.kind === kind ? [probe.result] : [])) ?? [];

beforeAll(async () => {
  if (EXTERNAL) return;
  laboratory = await openLaboratory();
  desk = await Desk.open(laboratory.kubeconfig);
  enforcer = new TestEnforcer(laboratory, NAMESPACE);
  node = laboratory.nodes[0] ?? '';
  await kubectl(laboratory, ['create', 'namespace', NAMESPACE]);
});
afterAll(async () => {
  if (EXTERNAL) return;
  await enforcer.stop();
  await desk.close();
  await deleteNamespaces(laboratory, NAMESPACE);
});

describe.skipIf(EXTERNAL)(
  "a containment on a node whose network the test filters (skipped with LAB_EXTERNAL=1: it filters the lab's own nodes)",
  () => {
    it('is as good as what is seen of it', async () => {
      const address = await startPod('suspect', 'sleep 10000');
      const unfiltered = await contain('suspect');
      expect(unfiltered.verdict).toBe('unverified');
      expect(resultsOf(unfiltered, 'egress')).toEqual(['through']);
      expect(resultsOf(unfiltered, 'ingress')).toEqual(['through']);
      const tried = unfiltered.checks.flatMap(({ probes }) => probes).find(({ kind }) => kind === 'egress');
      expect(tried?.from).toMatchObject({ who: 'suspect', address });
      expect(tried?.from.port).toBeGreaterThan(0);

      const spec = { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] };
      await apply({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'let-in' }, spec });
      await enforcer.enforce();
      const open = await contain('suspect');
      expect(open.verdict, open.reasons.join('\n')).toBe('partly');
      expect(open.reasons.join('\n')).toContain('ingress is allowed by policy let-in');
      expect(resultsOf(open, 'egress')).toEqual(['denied']);
      expect(resultsOf(open, 'ingress')).toEqual(['through']);

      await kubectl(laboratory, ['delete', 'networkpolicy', 'let-in', '-n', NAMESPACE]);
      await enforcer.enforce();
      const filtered = await contain('suspect');
      expect(filtered.verdict, filtered.reasons.join('\n')).toBe('verified');
      expect([...resultsOf(filtered, 'egress'), ...resultsOf(filtered, 'ingress')]).toEqual(['denied', 'denied']);
      expect(new Set(resultsOf(filtered, 'control'))).toEqual(new Set(['through']));

      await enforcer.stop();
      expect((await contain('suspect')).verdict).toBe('unverified');

      const own = await kubectl(laboratory, ['get', 'pods', '-A', '-l', 'kubexhibit.dev/case', '-o', 'name']);
      expect(own.split('\n').filter((name) => name.includes('exhibit-'))).toEqual([]);
    });

    it('names a connection that goes on although no new one is possible, and what the operator asks for', async () => {
      const peer = await startPod('peer', 'while :; do sleep 10000 | nc -l -p 7000; done');
      await startPod('talker', `while :; do sleep 10000 | nc ${peer} 7000; sleep 1; done`);
      const connected = async () =>
        await kubectl(laboratory, ['exec', 'talker', '-n', NAMESPACE, '--', 'sh', '-c', 'cat /proc/net/tcp']);
      await expect.poll(connected, { timeout: 30_000 }).toMatch(/:1B58 01 /);
      const name = `${NAMESPACE}/talker`;
      await desk.exhibit(['quarantine', 'pod', name, '--allow-node', node, '--confirm', name, '--recheck-at', 'none']);
      await enforcer.enforce();
      const held = await contain('talker', '--probe', `${peer}:7000`);
      expect(held.verdict, held.reasons.join('\n')).toBe('partly');
      expect(held.reasons.join('\n')).toMatch(
        new RegExp(
          `pod ${name}: an established flow is still there: \\S+ port \\d+ to ${peer.replaceAll('.', '\\.')} port 7000`,
        ),
      );
    });
  },
);
