import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/start-sandbox.js';
import { openActuator } from '../conformance/actuator-harness.js';
import { untilPrinted, User } from './exhibit.js';

const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const SUSPECT = 'exhibit-quiet/web-659677877-v2qhz';
const NODE = { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'node1' };
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'exhibit-quiet', name: 'web-659677877-v2qhz' };
const POLICY = /networkpolicies(?!.*dryRun)/;
const LOGS = /\/log\?(?!.*previous=true)/;

type Plain = Record<string, unknown>;
interface Ended {
  readonly phase: string;
  readonly outcome: string;
  readonly reason: string;
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
  sandbox = await startSandbox({
    directory: join(user.directory, 'cluster'),
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
const BARE = ['respond', 'node/node1', '--suspect', SUSPECT, '--allow-node', 'node1'];
// What is looked at again after minutes is not what these tests are about.
const SOON = ['--recheck-at', 'none'];
const GO = [...BARE, ...SOON, '--confirm', 'node1'];
const phasesOf = (document: Plain) =>
  (document['phases'] as readonly Ended[]).map(({ phase, outcome }) => `${phase} ${outcome}`);
const writes = () => sandbox.requests().filter(({ method, target }) => method !== 'GET' && !target.includes('review'));
const policies = () => writes().filter(({ method, target }) => method === 'POST' && POLICY.test(target));
const sealedOf = (document: Plain) => document['sealed'] as { archivePath: string; receiptPath: string };

async function custodyOf(archive: string): Promise<readonly Plain[]> {
  const log = await user.shell(`tar xzOf '${archive}' --wildcards '*/custody/acquisition.jsonl'`);
  const lines = log.stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Plain);
}

describe('a response', () => {
  it('preserves, collects, contains and seals, and is taken back', async () => {
    const { scene } = await open();
    const before = await scene();
    const ended = await user.json(...GO);
    expect(ended.stderr).toContain('phase 1 of 7, vanishing');
    expect(documentSchemaOf('respond').safeParse(ended.document).error).toBeUndefined();
    expect(phasesOf(ended.document)).toEqual([
      ...[
        'vanishing done',
        'protect done',
        'snapshot skipped',
        'volatile done',
        'contain done',
        'rest done',
        'seal done',
      ],
    ]);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.document).toMatchObject({ containment: { verdict: 'unverified' }, collected: { gapsTotal: 0 } });
    const { archivePath, receiptPath } = sealedOf(ended.document);
    const verified = await user.json('verify', archivePath, '--receipt', receiptPath);
    expect(verified).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
    expect(policies()).toHaveLength(1);

    const custody = await custodyOf(archivePath);
    const indexOf = (wanted: Plain) =>
      custody.findIndex((line) => Object.entries(wanted).every(([key, value]) => line[key] === value));
    const order = [
      indexOf({ event: 'item' }),
      indexOf({ event: 'action', kind: 'annotate' }),
      indexOf({ event: 'action', kind: 'pin-pod' }),
      indexOf({ phase: 'volatile', outcome: 'done' }),
      indexOf({ event: 'action', kind: 'deny-network' }),
      indexOf({ event: 'action', kind: 'detach-pod' }),
      indexOf({ phase: 'rest', outcome: 'done' }),
    ];
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));

    const back = await user.json('release', '--yes', '--readopt');
    expect(back.exitCode, back.stderr).toBe(0);
    expect(await scene()).toEqual(before);
  });

  it('shows the plan that it would go on with, and who is gone since it was made', async () => {
    const { actuator } = await open();
    const words = ['--skip', 'detach'];
    const held = await user.json(
      'quarantine',
      ...['node', 'node1', ...BARE.slice(2), ...SOON, ...words],
      '--confirm',
      'node1',
    );
    const plan = held.document['plan'] as string;
    const { document } = await user.json(...BARE, ...words, '--dry-run');
    expect(document['containment']).toMatchObject({ resumes: plan, gone: [] });
    await actuator.delete(POD, { uid: null, gracePeriodSeconds: 0 });
    const asked = await user.run(...BARE, ...SOON, ...words);
    expect(asked.exitCode).toBe(5);
    expect(asked.stderr).toContain(`of plan ${plan} is gone`);
  });

  it('is shown by a dry run, and nothing is touched', async () => {
    const { scene } = await open();
    const before = await scene();
    const { document, exitCode, stderr } = await user.json(...BARE, '--dry-run');
    expect(exitCode, stderr).toBe(0);
    expect(documentSchemaOf('respond:plan').safeParse(document).error).toBeUndefined();
    expect(document).toMatchObject({ phases: { length: 7 }, containment: { target: { name: 'node node1' } } });
    expect(await scene()).toEqual(before);
    expect(writes().every(({ target }) => target.includes('dryRun=All'))).toBe(true);
  });

  it('of a pod goes by its name alone, and says what to do next', async () => {
    await open();
    const ended = await user.run('respond', POD.name, '--allow-node', 'node1', ...SOON, '--confirm', SUSPECT);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stdout).toContain('exhibit verify ');
    expect(ended.stdout).toContain('exhibit release --plan ');
    expect(ended.stdout).toContain('unverified');
    expect(writes().filter(({ target }) => target.includes('/nodes/node2'))).toEqual([]);
  });

  it('is refused for a name that fits two things, with both', async () => {
    const { actuator } = await open();
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'node1', namespace: 'exhibit-quiet' },
      spec: { containers: [] },
    };
    const { name: _name, ...pods } = POD;
    await actuator.create(pods, pod);
    const before = writes().length;
    const refused = await user.run('respond', 'node1', '--confirm', 'node1');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('exhibit respond node/node1');
    expect(refused.stderr).toContain('exhibit respond pod/exhibit-quiet/node1');
    expect((await user.run('respond', 'nobody', '--confirm', 'nobody')).stderr).toContain('neither a node nor a pod');
    expect((await user.run('respond', 'shop/cart', '--confirm', 'x')).exitCode).toBe(2);
    expect(writes()).toHaveLength(before);
  });

  it('needs its name: neither --yes nor another name is enough', async () => {
    await open();
    for (const [flags, said] of [
      [['--yes'], '--yes is not enough'],
      [['--confirm', 'node2'], 'does not name what is contained'],
    ] as const) {
      const refused = await user.run(...BARE, ...flags);
      expect(refused.exitCode).toBe(5);
      expect(refused.stderr).toContain(said);
      expect(refused.stderr).toContain('phase 4, volatile');
    }
    expect(writes()).toEqual([]);
  });

  it('is not begun without the rights to contain, and prints the manifest that grants them', async () => {
    await open(null);
    const { exitCode, stderr } = await user.run(...GO);
    expect(exitCode).toBe(11);
    expect(stderr).toContain('delete networkpolicies.networking.k8s.io');
    expect(stderr).toMatch(/^kind: ClusterRole$/m);
    expect(writes()).toEqual([]);
  });

  it('contains at once where it is told not to wait, and reads the rest all the same', async () => {
    await open();
    const ended = await user.json(...GO, '--contain-after', '0');
    expect(phasesOf(ended.document)).toContain('volatile partial');
    expect(phasesOf(ended.document)).toContain('rest done');
    expect(ended.exitCode).toBe(3);
    const verified = await user.json('verify', sealedOf(ended.document).archivePath);
    expect(verified.document['verdict']).toMatch(/^VERIFIED/);
  });

  it('contains before it reads, where that is asked for', async () => {
    await open();
    const ended = await user.json(...GO, '--order', 'contain-first');
    expect(ended.exitCode, ended.stderr).toBe(0);
    const custody = await custodyOf(sealedOf(ended.document).archivePath);
    const detached = custody.findIndex(({ event, kind }) => event === 'action' && kind === 'detach-pod');
    const volatile = custody.findIndex(({ phase, outcome }) => phase === 'volatile' && outcome === 'done');
    expect(detached).toBeGreaterThan(0);
    expect(detached).toBeLessThan(volatile);
  });

  it('goes on when a phase fails, says so, and seals what there is', async () => {
    await open();
    await sandbox.setFaults([{ kind: 'status', status: 403, path: /networkpolicies\?/, method: 'POST' }]);
    const ended = await user.json(...GO);
    expect(ended.exitCode).toBe(3);
    expect(phasesOf(ended.document)).toEqual(
      expect.arrayContaining(['protect done', 'contain partial', 'rest done', 'seal done']),
    );
    expect(ended.stderr).toContain('these phases fell short: contain (partial)');
    expect((await user.json('verify', sealedOf(ended.document).archivePath)).exitCode).toBe(0);
  });
});

describe('a response that was killed', () => {
  const goOn = {
    'exhibit resume': async () => await user.json('resume'),
    'the same command': async () => await user.json(...GO),
  };

  const MOMENTS = [
    ['phase 1 of 7', 'exhibit resume'],
    ['protect: done', 'the same command'],
    ['phase 4 of 7', 'exhibit resume'],
    ['phase 5 of 7', 'exhibit resume'],
    ['step 6 deny-policy', 'the same command'],
    ['phase 6 of 7', 'exhibit resume'],
    ['phase 7 of 7', 'exhibit resume'],
  ] as const;
  // Each costs a whole response: three of them by chance, all of them with EXHIBIT_EVERY_MOMENT=1.
  const first = Number(process.env['EXHIBIT_TEST_SEED'] ?? Date.now()) % MOMENTS.length;
  const sample =
    process.env['EXHIBIT_EVERY_MOMENT'] === '1' ? MOMENTS : [...MOMENTS, ...MOMENTS].slice(first, first + 3);

  it.each(sample)('at "%s" is gone on with by %s, and nothing is done twice', async (moment, how) => {
    const { scene } = await open();
    const before = await scene();
    const dying = user.start(...GO);
    await untilPrinted(dying, moment);
    dying.kill('SIGKILL');
    await dying;
    const ended = await goOn[how]();
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.document).toMatchObject({ containment: { verdict: 'unverified' } });
    const outcomes = new Set((ended.document['phases'] as readonly Ended[]).map(({ outcome }) => outcome));
    expect(outcomes).toEqual(new Set(['done', 'skipped']));
    expect(policies()).toHaveLength(1);
    const journal = readFileSync(join(user.home, 'cases', String(ended.document['case']), 'journal.jsonl'), 'utf8');
    expect(journal.match(/"event":"plan-begun"/g)).toHaveLength(1);
    const verified = await user.json('verify', sealedOf(ended.document).archivePath);
    expect(verified).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
    expect((await user.run('resume')).stderr).toContain('no interrupted collection');
    expect((await user.run('release', '--yes', '--readopt')).exitCode).toBe(0);
    expect(await scene()).toEqual(before);
  });

  it('is not mixed with another one', async () => {
    await open();
    await sandbox.setFaults([{ kind: 'no-answer', path: LOGS }]);
    const dying = user.start(...GO);
    await untilPrinted(dying, 'phase 6 of 7');
    dying.kill('SIGKILL');
    await dying;
    await sandbox.setFaults([]);
    const refused = await user.run('respond', `pod/${SUSPECT}`, '--allow-node', 'node1', ...SOON, '--confirm', SUSPECT);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('exhibit resume --case');
  });

  it('or interrupted at the terminal ends with exit code 130 and the command that goes on', async () => {
    await open();
    await sandbox.setFaults([{ kind: 'no-answer', path: LOGS }]);
    const child = user.start(...GO);
    await untilPrinted(child, 'phase 6 of 7');
    child.kill('SIGINT');
    const interrupted = await child;
    expect(interrupted.exitCode).toBe(130);
    expect(interrupted.stderr).toContain('exhibit resume');
    await sandbox.setFaults([]);
    const ended = await user.json('resume');
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(phasesOf(ended.document)).toContain('seal done');
  });
});
