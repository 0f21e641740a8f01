/** What a containment says when it is asked for again, and what becomes of it where cluster, target or authority are not as they were. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import CaseOpen from '../../src/commands/case/open.js';
import QuarantineNode from '../../src/commands/quarantine/node.js';
import QuarantinePod from '../../src/commands/quarantine/pod.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { ClusterActuator } from '../../src/ports/cluster-actuator.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.js';
import { runInProcess } from '../fakes/run-in-process.js';
import { openActuator, pod } from './actuator-harness.js';

const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const NAMESPACE = 'exhibit-quiet';
const PODS = { group: '', version: 'v1', resource: 'pods', namespace: NAMESPACE };
// The recorded cluster may have been on the very machine that runs the tests.
const COMMON = ['--allow-node', 'node1', '--recheck-at', 'none'];
const BY_LABEL = ['--suspect', 'label=who=shady', ...COMMON];

let home: string;
let sandbox: Sandbox;
let actuator: ClusterActuator;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-again-'));
  vi.stubEnv('EXHIBIT_HOME', home);
  sandbox = await startSandbox({
    ...{ directory: join(home, 'cluster'), clock: systemClock, ids: systemIds, rules: EVERYTHING },
  });
  vi.stubEnv('KUBECONFIG', sandbox.kubeconfigPath);
  ({ actuator } = await openActuator(sandbox.kubeconfigPath));
});
afterEach(async () => {
  await sandbox.stop();
  rmSync(home, { recursive: true, force: true });
});

/** A bare pod: nobody makes another in its place. */
async function start(name: string): Promise<void> {
  const spec = { nodeName: 'node1', containers: [{ name, image: 'busybox' }] };
  const metadata = { name, namespace: NAMESPACE, labels: { who: 'shady' } };
  const made = await actuator.create(PODS, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  expect(made.outcome).toBe('done');
}

const uidOf = async (name: string): Promise<string> => {
  const answer = await actuator.get(pod(name, NAMESPACE));
  if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  return (answer.object as { metadata: { uid: string } }).metadata.uid;
};

interface Planned {
  readonly subject: { readonly name: string };
  readonly name: string;
  readonly state: string | null;
  readonly holds: boolean;
}
interface Document {
  readonly plan: string;
  readonly case: string;
  readonly verdict: string;
  readonly resumes: string | null;
  readonly reasons: readonly string[];
  readonly sideEffects: readonly string[];
  readonly notInPlan: readonly { readonly name: string; readonly uid: string }[];
  readonly gone: readonly { readonly name: string; readonly uid: string; readonly replacedBy: string | null }[];
  readonly steps: readonly (Planned & { readonly outcome: string; readonly why: string | null })[];
}

async function run(command: unknown, id: string, argv: readonly string[]) {
  const { stdout, stderr, report, error } = await runInProcess(command, id, [...argv, '--json', '--no-input']);
  const document = (stdout === '' ? {} : JSON.parse(stdout)) as Document;
  return { document, stderr, error, notice: report?.notice ?? null, exitCode: report?.exitCode ?? null };
}
const quarantinePod = async (...argv: readonly string[]) => await run(QuarantinePod, 'quarantine:pod', argv);
const quarantineNode = async (...argv: readonly string[]) => await run(QuarantineNode, 'quarantine:node', argv);
const dryRun = async (...argv: readonly string[]) => await quarantinePod(...argv, '--dry-run');
const writes = () => sandbox.requests().filter(({ method, target }) => method !== 'GET' && !target.includes('review'));
const journal = (caseId: string) => readFileSync(join(home, 'cases', caseId, 'journal.jsonl'), 'utf8');

describe('a containment that is asked for again', () => {
  it('goes on with its plan, names who matches since and who is gone, and the command that takes the new one', async () => {
    await start('one');
    await start('two');
    const go = [...BY_LABEL, '--confirm', `${NAMESPACE}/one, ${NAMESPACE}/two`];
    const first = await quarantinePod(...go);
    expect(first).toMatchObject({ exitCode: 0, notice: null, document: { notInPlan: [], gone: [] } });

    await start('late');
    const uid = await uidOf('two');
    await actuator.delete(pod('two', NAMESPACE), { uid, gracePeriodSeconds: 0 });
    await start('two');
    const anew = await uidOf('two');
    const again = await quarantinePod(...go);
    expect(documentSchemaOf('quarantine:pod').safeParse(again.document).error).toBeUndefined();
    expect(again.document).toMatchObject({
      plan: first.document.plan,
      notInPlan: [
        { namespace: NAMESPACE, name: 'late', uid: await uidOf('late'), node: 'node1', isReplacement: false },
        { name: 'two', uid: anew },
      ],
      gone: [{ namespace: NAMESPACE, name: 'two', uid, replacedBy: anew }],
    });
    const reasons = again.document.reasons.join('\n');
    expect(reasons).toContain(`pod ${NAMESPACE}/late (${await uidOf('late')}) on node node1: it matches now`);
    expect(reasons).toContain(`pod ${NAMESPACE}/two (${uid}) of plan ${first.document.plan} is gone`);
    expect(again.document.steps.filter(({ why }) => why === 'target-replaced')).not.toEqual([]);
    const own = `exhibit quarantine pod --suspect=${NAMESPACE}/late --suspect=${NAMESPACE}/two --allow-node=node1 --recheck-at=none`;
    expect(again.notice).toMatchObject({
      code: 'QUARANTINE_PARTIAL',
      hints: [own, `exhibit release --plan ${first.document.plan}`],
    });
    expect(journal(again.document.case)).not.toContain('late');

    const words = own.split(' ').slice(3);
    const taken = await quarantinePod(...words, '--confirm', `${NAMESPACE}/late, ${NAMESPACE}/two`);
    expect(taken).toMatchObject({ exitCode: 0, notice: null, document: { notInPlan: [], gone: [] } });
    expect(taken.document.plan).not.toBe(first.document.plan);
  });

  it('is not at its end where every step holds and one more matches', async () => {
    await start('one');
    const go = [...BY_LABEL, '--confirm', `${NAMESPACE}/one`];
    expect((await quarantinePod(...go)).exitCode).toBe(0);
    await start('late');
    const again = await quarantinePod(...go);
    expect(new Set(again.document.steps.map(({ outcome }) => outcome))).toEqual(new Set(['held']));
    expect(again).toMatchObject({ exitCode: 3, notice: { code: 'SUSPECTS_NOT_IN_PLAN' } });
    expect(again.notice?.message).toContain(`${NAMESPACE}/late`);
  });

  it('shows in a dry run the plan that it would go on with, and how far each step of it is', async () => {
    await start('one');
    const fresh = await dryRun(...BY_LABEL);
    expect(fresh.document).toMatchObject({ resumes: null, notInPlan: [], gone: [] });
    expect(new Set(fresh.document.steps.map(({ state }) => state))).toEqual(new Set([null]));
    await sandbox.setFaults([{ kind: 'status', status: 403, path: /networkpolicies\?/, method: 'POST' }]);
    const held = await quarantinePod(...BY_LABEL, '--confirm', `${NAMESPACE}/one`);
    expect(held.exitCode).toBe(3);
    await sandbox.setFaults([]);
    await start('late');
    const patch = { metadata: { annotations: { 'karpenter.sh/do-not-disrupt': null } } };
    const theirs = { ...pod('one', NAMESPACE) };
    await actuator.patch(theirs, { type: 'merge', patch }, { resourceVersion: null });

    const before = writes().length;
    const { document, exitCode } = await dryRun(...BY_LABEL);
    expect(exitCode).toBe(0);
    expect(documentSchemaOf('quarantine:plan').safeParse(document).error).toBeUndefined();
    expect(document).toMatchObject({ resumes: held.document.plan, notInPlan: [{ name: 'late' }] });
    const shown = Object.fromEntries(document.steps.map(({ name, state, holds }) => [name, [state, holds]]));
    expect(shown).toMatchObject({
      'annotate-node': ['done', true],
      'annotate-pod': ['done', false],
      'deny-policy': ['failed', false],
      'detach': ['failed', false],
    });
    expect(
      writes()
        .slice(before)
        .every(({ target }) => target.includes('dryRun=All')),
    ).toBe(true);
  });

  it('shows in a dry run what was begun and has no end, and what was not begun', async () => {
    await start('one');
    // Nothing answers any more once the first step is done: the process gives up in the middle.
    await sandbox.setFaults([
      { kind: 'status', status: 401, path: /\/pods\/one/, after: 1 },
      { kind: 'status', status: 401, path: /\/pods\/one/, method: 'PATCH' },
    ]);
    const { error } = await quarantinePod(`${NAMESPACE}/one`, ...COMMON, '--confirm', `${NAMESPACE}/one`);
    expect(error).toMatchObject({ code: 'CLUSTER_UNAUTHENTICATED' });
    await sandbox.setFaults([]);
    const { document } = await dryRun(`${NAMESPACE}/one`, ...COMMON);
    expect(document.resumes).not.toBeNull();
    expect(document.steps.map(({ name, state }) => `${name} ${String(state)}`)).toEqual([
      ...['annotate-node done', 'annotate-pod begun', 'deny-policy not-begun', 'detach not-begun'],
    ]);
    const whole = await quarantinePod(`${NAMESPACE}/one`, ...COMMON, '--confirm', `${NAMESPACE}/one`);
    expect(whole).toMatchObject({ exitCode: 0, document: { plan: document.resumes } });
  });
});

describe('others that are to be moved', () => {
  it('are not moved by a plan that is gone on with once they are suspects, and the screen says so before', async () => {
    await start('one');
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop', uid: 'u-shop', controller: true };
    const spec = { nodeName: 'node1', containers: [{ name: 'shop', image: 'busybox' }] };
    const metadata = { name: 'other', namespace: NAMESPACE, ownerReferences: [owner] };
    await actuator.create(PODS, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await sandbox.setFaults([{ kind: 'status', status: 403, path: /\/eviction/, method: 'POST' }]);
    const shift = ['node1', ...BY_LABEL, '--shift-others', '--lose-volatile', 'node1'];
    const first = await quarantineNode(...shift, '--confirm', 'node1');
    const shifted = ({ document }: typeof first) =>
      document.steps.filter(({ name, subject }) => name === 'shift' && subject.name === 'other');
    expect(shifted(first)).toMatchObject([{ outcome: 'failed', why: 'refused' }]);

    await sandbox.setFaults([]);
    const patch = { metadata: { labels: { who: 'shady' } } };
    await actuator.patch(pod('other', NAMESPACE), { type: 'merge', patch }, { resourceVersion: null });
    const before = writes().length;
    const refused = 'it is not moved: it matches the suspects by now';
    const shown = await quarantineNode(...shift, '--dry-run');
    expect(shifted(shown)).toMatchObject([{ refusedBy: refused }]);
    const again = await quarantineNode(...shift, '--confirm', 'node1');
    expect(shifted(again)).toMatchObject([{ outcome: 'failed', why: 'refused', detail: refused }]);
    expect(
      writes()
        .slice(before)
        .filter(({ target }) => target.includes('other/eviction')),
    ).toEqual([]);
    expect(await uidOf('other')).not.toBe('');
  });
});

describe('a containment where something is not as it should be', () => {
  it('is refused before any write where its target does not exist', async () => {
    for (const [refused, what] of [
      [await quarantineNode('nowhere', '--confirm', 'nowhere'), 'node nowhere does not exist'],
      [await quarantinePod(`${NAMESPACE}/nobody`, '--confirm', 'x'), `pod ${NAMESPACE}/nobody does not exist`],
      [await quarantinePod('--suspect', 'label=who=nobody', '--confirm', 'x'), 'no pod in the cluster is a suspect'],
    ] as const)
      expect(refused.error).toMatchObject({ code: 'TARGET_GONE', message: expect.stringContaining(what) as string });
    expect(writes()).toEqual([]);
  });

  it('goes on through a server that is restarted in the middle of a change', async () => {
    await start('one');
    await sandbox.setFaults([
      // The change was on its way, the look that follows finds nobody, and then somebody who is not ready.
      { kind: 'reset', path: /\/pods\/one\?/, method: 'PATCH', times: 1 },
      { kind: 'reset', path: /\/pods\/one$/, method: 'GET', after: 2, times: 1 },
      { kind: 'status', status: 503, path: /networkpolicies\?/, method: 'POST', times: 1 },
    ]);
    const held = await quarantinePod(`${NAMESPACE}/one`, ...COMMON, '--confirm', `${NAMESPACE}/one`);
    expect(held.exitCode, held.stderr).toBe(0);
    expect(new Set(held.document.steps.map(({ outcome }) => outcome))).toEqual(new Set(['applied']));
    // What was said of it is not believed: it was made, and is not made again.
    const made = writes().filter(({ method, target }) => method === 'POST' && target.includes('networkpolicies?'));
    expect(made).toHaveLength(1);
  });

  it('says what of a node it changes where the authority is for namespaces', async () => {
    await start('one');
    const limits = ['--authority-by', 'CISO', '--authority-ground', 'drill', '--limit', `namespace=${NAMESPACE}`];
    await runInProcess(CaseOpen, 'case:open', ['--reference', 'r', '--reason', 'r', ...limits, '--no-input']);
    const node = ['node1', '--suspect', `${NAMESPACE}/one`, ...COMMON];
    const before = writes().length;
    const held = await quarantineNode(...node, '--dry-run');
    expect(held.document.sideEffects).toContainEqual(
      `nodes node1 is of no namespace, and the authority names ${NAMESPACE}: changed of it: annotate-node, cordon, taint`,
    );
    expect(
      writes()
        .slice(before)
        .every(({ target }) => target.includes('dryRun=All')),
    ).toBe(true);
  });
});
