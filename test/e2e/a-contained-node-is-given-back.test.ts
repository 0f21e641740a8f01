import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/start-sandbox.js';
import { openActuator } from '../conformance/actuator-harness.js';
import { User } from './exhibit.js';

const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const SUSPECT = 'exhibit-quiet/web-659677877-v2qhz';
const NODE = { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'node1' };
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'exhibit-quiet', name: 'web-659677877-v2qhz' };

type Plain = Record<string, unknown>;
interface Step {
  readonly step: number;
  readonly name: string;
  readonly outcome: string;
  readonly why: string | null;
}

let user: User;
let sandbox: Sandbox;
beforeEach(() => {
  user = new User();
});
afterEach(async () => {
  await sandbox.stop();
  user.remove();
});

async function open(rules: typeof EVERYTHING | null = EVERYTHING) {
  const directory = join(user.directory, 'cluster');
  sandbox = await startSandbox({
    directory,
    clock: systemClock,
    ids: systemIds,
    ...(rules === null ? {} : { rules }),
  });
  user.environment['KUBECONFIG'] = sandbox.kubeconfigPath;
  const { actuator } = await openActuator(sandbox.kubeconfigPath);
  const read = async (ref: typeof NODE | typeof POD): Promise<Plain> => {
    const answer = await actuator.get(ref);
    if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
    const { resourceVersion: _version, ...metadata } = (answer.object as { metadata: Plain }).metadata;
    return { ...(answer.object as Plain), metadata };
  };
  return { actuator, read, scene: async () => ({ node: await read(NODE), pod: await read(POD) }) };
}

// The recorded cluster may have been on the very machine that runs the tests.
const BARE = ['quarantine', 'node', 'node1', '--suspect', SUSPECT, '--recheck-at', 'none'];
const ARGS = [...BARE, '--allow-node', 'node1'];
const GO = [...ARGS, '--confirm', 'node1'];
const stepsOf = (document: Plain): readonly Step[] => document['steps'] as readonly Step[];
const writes = () => sandbox.requests().filter(({ method, target }) => method !== 'GET' && !target.includes('review'));

describe('a contained node', () => {
  it('is held, stays held, and is given back with a comparison', async () => {
    const { scene, read } = await open();
    const before = await scene();
    const held = await user.json(...GO);
    expect(held.stderr).toContain('Warning: the credentials that the suspect has');
    expect(held.exitCode).toBe(0);
    // Nobody in this cluster makes one: that is no proof that nobody will.
    expect(held.document).toMatchObject({ verdict: 'unverified', replacements: [] });
    expect(held.document['reasons']).toContain(
      `pod ${SUSPECT}: no replacement was seen yet; one that comes later is not listed`,
    );
    expect(documentSchemaOf('quarantine:node').safeParse(held.document).error).toBeUndefined();
    expect(stepsOf(held.document).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(
      ['annotate-node', 'annotate-pod', 'cordon', 'taint', 'pin', 'deny-policy', 'detach'].map(
        (one) => `${one} applied`,
      ),
    );
    const caseId = held.document['case'] as string;
    expect(await read(NODE)).toMatchObject({
      spec: {
        unschedulable: true,
        taints: expect.arrayContaining([expect.objectContaining({ value: caseId })]) as unknown,
      },
    });
    const labels = (await read(POD)) as { metadata: { labels: Plain } };
    expect(labels.metadata.labels).toEqual({ 'kubexhibit.dev/quarantine': caseId });

    const again = await user.json(...GO);
    expect(stepsOf(again.document).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 7 }, () => 'held'));
    expect(again.document['sideEffects']).toEqual(held.document['sideEffects']);
    expect(held.document['sideEffects']).toContainEqual(expect.stringContaining('(deployment)'));

    const back = await user.json('release', '--yes', '--readopt');
    expect(back.exitCode).toBe(0);
    expect(back.document).toMatchObject({ verdict: 'released', plans: [{ remaining: [] }] });
    expect(documentSchemaOf('release').safeParse(back.document).error).toBeUndefined();
    const [plan] = back.document['plans'] as { comparison: { state: string }[] }[];
    expect(plan?.comparison.map(({ state }) => state)).toEqual(Array.from({ length: 7 }, () => 'as-before'));
    expect(await scene()).toEqual(before);
    expect((await user.run('release', '--yes')).exitCode).toBe(2);
  });

  it('leaves every change in the custody log of an archive that verifies, and no word of the human reference', async () => {
    const { read } = await open();
    await user.run('case', 'open', '--reference', 'HUMAN-REFERENCE', '--reason', 'r', '--authority', 'a');
    await user.run(...GO);
    expect(JSON.stringify(await read(POD))).not.toContain('HUMAN');
    await user.run('release', '--yes');
    expect((await user.run('key', 'new')).exitCode).toBe(0);
    const sealed = await user.json('seal', '--yes');
    const archive = sealed.document['archivePath'] as string;
    const verified = await user.json('verify', archive);
    expect(verified.document['verdict']).toMatch(/^VERIFIED/);
    const log = await user.shell(`tar xzOf '${archive}' --wildcards '*/custody/acquisition.jsonl'`);
    const lines = log.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Plain);
    const kinds = lines.filter(({ event }) => event === 'action').map(({ kind }) => kind);
    expect(kinds).toEqual([
      ...['annotate', 'annotate', 'cordon-node', 'taint-node', 'pin-pod', 'deny-network', 'detach-pod'],
      ...['undo-detach-pod', 'undo-deny-network', 'undo-pin-pod', 'undo-taint-node', 'undo-cordon-node'],
      ...['undo-annotate', 'undo-annotate'],
    ]);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'side-effect', kind: 'containment', outcome: 'unknown' }),
    );
  });

  it('is not touched by a dry run, which tells what the server would say', async () => {
    const { scene } = await open();
    const before = await scene();
    const { document, exitCode } = await user.json(...ARGS, '--dry-run');
    expect(exitCode).toBe(0);
    expect(documentSchemaOf('quarantine:plan').safeParse(document).error).toBeUndefined();
    expect((document['steps'] as { refusedBy: unknown }[]).map(({ refusedBy }) => refusedBy)).toEqual(
      Array.from({ length: 7 }, () => null),
    );
    expect(document['notAchieved']).toContainEqual(expect.stringContaining('valid as before'));
    expect(await scene()).toEqual(before);
    expect(writes().every(({ target }) => target.includes('dryRun=All'))).toBe(true);
  });

  it('names on the screen who would be moved off it and who would not, moves those, and cannot bring them back', async () => {
    const { actuator, read } = await open();
    const pods = { ...POD, name: '' };
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop', uid: 'u-shop', controller: true };
    for (const [name, volumes] of [
      ['mover', []],
      ['scratch', [{ name: 'tmp', emptyDir: {} }]],
    ] as const) {
      const spec = { nodeName: 'node1', containers: [{ name: 'shop', image: 'busybox' }], volumes };
      const metadata = { name, namespace: 'exhibit-quiet', ownerReferences: [owner] };
      const { name: _name, ...collection } = pods;
      const made = await actuator.create(collection, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
      expect(made.outcome).toBe('done');
    }
    const shift = [...ARGS, '--skip', 'detach', '--shift-others', '--lose-volatile', 'node1'];
    const { stdout, exitCode } = await user.run(...shift, '--dry-run');
    expect(exitCode).toBe(0);
    const lost = 'is evicted, and what it holds in memory and in its own files is lost';
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.includes(lost))).toEqual([
      expect.stringMatching(/^ +pods exhibit-quiet\/mover is evicted/),
    ]);
    const stays = (pod: string) => lines.find((line) => line.includes(`pod ${pod} stays on node node1: `));
    expect(stays('exhibit-quiet/scratch')).toContain('what is in its emptyDir volume tmp would be lost');
    expect(stays('exhibit-quiet/mixed')).toContain('it is a bare pod');
    expect(stays(SUSPECT)).toBeUndefined();
    expect(stdout).toContain('create pods/eviction: yes');
    expect(stdout).toContain('shift: cannot be undone');
    expect(stdout).toMatch(/\n7 +shift +pods exhibit-quiet\/mover .* irreversible .* new +would do it/);
    expect((await actuator.get({ ...POD, name: 'mover' })).outcome).toBe('done');

    const moved = await user.json(...shift, '--confirm', 'node1');
    expect(stepsOf(moved.document).at(-1)).toMatchObject({ name: 'shift', outcome: 'applied' });
    expect((await actuator.get({ ...POD, name: 'mover' })).outcome).toBe('refused');
    expect(await read({ ...POD, name: 'scratch' })).toHaveProperty('spec.volumes');
    const back = await user.json('release', '--yes');
    const released = (back.document['plans'] as { steps: readonly Step[] }[]).flatMap(({ steps }) => steps);
    expect(released.filter(({ name }) => name === 'shift')).toMatchObject([{ outcome: 'gone' }]);
  });

  it('needs its name: neither --yes nor another name is enough', async () => {
    await open();
    for (const [flags, said] of [
      [['--yes'], '--yes is not enough'],
      [['--confirm', 'node2'], 'does not name what is contained'],
    ] as const) {
      const refused = await user.run(...ARGS, ...flags);
      expect(refused.exitCode).toBe(5);
      expect(refused.stderr).toContain(said);
    }
    expect(writes()).toEqual([]);
  });

  it('is not isolated without its cloud, nor are pods', async () => {
    await open();
    const without = await user.run(...GO, '--level', 'isolate');
    expect(without.exitCode).toBe(2);
    expect(without.stderr).toContain('no cloud was given');
    expect(without.stderr).toContain('--cloud aws');
    const pod = await user.run('quarantine', 'pod', SUSPECT, '--level', 'sever', '--confirm', SUSPECT);
    expect(pod.stderr).toContain('level sever is about the machine of a node');
    const all = await user.run(...GO, '--level', 'isolate', '--keep-reachable', '0.0.0.0/0');
    expect(all.stderr).toContain('no network in CIDR notation that is not all of them');
    expect(writes()).toEqual([]);
  });

  it('is not begun without the rights to finish it and to take it back', async () => {
    await open(null);
    const { exitCode, stderr } = await user.run(...GO);
    expect(exitCode).toBe(11);
    expect(stderr).toContain('delete networkpolicies.networking.k8s.io');
    expect(writes()).toEqual([]);
  });

  it('goes on after a step was refused, and what rests on it is not done', async () => {
    await open();
    await sandbox.setFaults([{ kind: 'status', status: 403, path: /networkpolicies\?/, method: 'POST' }]);
    const partly = await user.json(...GO);
    expect(partly.exitCode).toBe(3);
    const failed = stepsOf(partly.document).filter(({ outcome }) => outcome === 'failed');
    expect(failed).toMatchObject([
      { name: 'deny-policy', why: 'refused' },
      { name: 'detach', why: 'needs-another-step' },
    ]);
    await sandbox.setFaults([]);
    const whole = await user.json(...GO);
    expect(whole.exitCode).toBe(0);
    expect(stepsOf(whole.document).map(({ outcome }) => outcome)).toEqual([
      ...['held', 'held', 'held', 'held', 'held', 'applied', 'applied'],
    ]);
  });

  it('is given back as far as others have not changed the same, and the rest is shown', async () => {
    const { actuator, read } = await open();
    await user.run(...GO);
    const patch = { spec: { taints: [{ key: 'kubexhibit.dev/quarantine', value: 'theirs', effect: 'NoSchedule' }] } };
    await actuator.patch(NODE, { type: 'merge', patch }, { resourceVersion: null });
    const back = await user.json('release', '--yes');
    expect(back.exitCode).toBe(40);
    const [plan] = back.document['plans'] as { plan: string; remaining: number[]; comparison: Plain[] }[];
    expect(plan?.remaining).toEqual([4]);
    expect(plan?.comparison).toContainEqual(
      expect.objectContaining({
        step: 4,
        state: 'differs',
        now: expect.objectContaining({ value: 'theirs' }) as unknown,
      }),
    );
    const held = await user.run(...GO);
    expect(held.exitCode).toBe(2);
    expect(held.stderr).toContain('the release of this containment was begun');
    const forced = await user.run('release', '--yes', '--force-step', '4');
    expect(forced.exitCode).toBe(0);
    expect(await read(NODE)).not.toHaveProperty('spec.taints');
  });

  it('goes on where a process was killed while a change was on its way', async () => {
    const { scene, read } = await open();
    const before = await scene();
    for (const [which, after] of [
      ['nodes', 1],
      ['pods', 1],
    ] as const) {
      const path = new RegExp(`/${which}/.*fieldManager`);
      await sandbox.setFaults([{ kind: 'no-answer', path, method: 'PATCH', after, times: 1 }]);
      const seen = writes().length;
      const dying = user.start(...GO);
      await expect.poll(() => writes().length, { timeout: 60_000 }).toBeGreaterThan(seen + after);
      dying.kill('SIGKILL');
      await dying;
      await sandbox.setFaults([]);
      const whole = await user.json(...GO);
      expect(whole.exitCode).toBe(0);
      expect(stepsOf(whole.document)).toHaveLength(7);
      expect(await read(NODE)).toMatchObject({ spec: { unschedulable: true } });
      expect((await user.run('release', '--yes', '--readopt')).exitCode).toBe(0);
      expect(await scene()).toEqual(before);
    }
    const journal = join(user.home, 'cases', await caseInUse(), 'journal.jsonl');
    expect(readFileSync(journal, 'utf8')).toContain('"event":"undone"');
  });

  it('holds the pods of a Deployment wherever they run, and finds them again without the labels that chose them', async () => {
    const { scene, read } = await open();
    const before = await scene();
    const which = ['quarantine', 'pod', '--suspect', 'owner=exhibit-quiet/Deployment/web', '--recheck-at', 'none'];
    const allowed = ['--allow-node', 'node1', '--allow-node', 'node2'];
    const tooMany = await user.run(...which, ...allowed, '--confirm', SUSPECT);
    expect(tooMany.exitCode).toBe(2);
    expect(tooMany.stderr).toContain('2 nodes');
    const pods = `exhibit-quiet/web-659677877-nlg7x, ${SUSPECT}`;
    const go = [...which, ...allowed, '--max-nodes', '2', '--confirm', pods];
    const held = await user.json(...go);
    expect(held.exitCode).toBe(0);
    expect(stepsOf(held.document).map(({ name }) => name)).toEqual([
      ...['annotate-node', 'annotate-node', 'annotate-pod', 'annotate-pod', 'pin', 'pin', 'deny-policy'],
      ...['detach', 'detach'],
    ]);
    expect((await read(POD))['metadata']).not.toHaveProperty('labels.app');
    expect((await read(NODE))['spec']).not.toHaveProperty('unschedulable');
    const again = await user.json(...go);
    expect(new Set(stepsOf(again.document).map(({ outcome }) => outcome))).toEqual(new Set(['held']));
    expect((await user.run('release', '--yes', '--readopt')).exitCode).toBe(0);
    expect(await scene()).toEqual(before);
  });

  it('is refused when it is of the control plane, until it is named once more', async () => {
    const { actuator } = await open();
    const labels = { 'node-role.kubernetes.io/control-plane': '' };
    await actuator.patch(NODE, { type: 'merge', patch: { metadata: { labels } } }, { resourceVersion: null });
    const refused = await user.run(...BARE, '--confirm', 'node1');
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain('node node1 is of the control plane');
    expect(refused.stderr).toContain('--allow-node node1');
    expect((await user.run(...GO)).exitCode).toBe(0);
  });
});

async function caseInUse(): Promise<string> {
  const { document } = await user.json('case', 'show');
  return document['caseId'] as string;
}
