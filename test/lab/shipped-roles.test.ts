import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, kubectl, openLaboratory, workloads } from './laboratory.js';
import type { Laboratory } from './laboratory.js';

interface Gap {
  readonly artifact: string;
  readonly outcome: string;
  readonly reason: string;
}
interface Right {
  readonly verb: string;
  readonly resource: string;
  readonly allowed: boolean | null;
}

const ROLES = resolve(import.meta.dirname, '../../templates/rbac');
const READ_ONLY = join(ROLES, 'collector-readonly.yaml');
const KUBELET = join(ROLES, 'collector-kubelet.yaml');
const NAMESPACE = 'exhibit-quiet';

let laboratory: Laboratory;
let folder: string;

/** Somebody with no rights but those of these groups, which the shipped bindings name. */
async function member(...groups: string[]): Promise<Desk> {
  const config = parse(await readFile(laboratory.kubeconfig, 'utf8')) as { users: { user: object }[] };
  const users = config.users.map((one) => ({
    ...one,
    user: { ...one.user, 'as': 'somebody-without-rights', 'as-groups': groups },
  }));
  const path = join(folder, `${groups.join('-').replaceAll(':', '-')}.conf`);
  await writeFile(path, stringify({ ...config, users }), { mode: 0o600 });
  return await Desk.open(path);
}

beforeAll(async () => {
  laboratory = await openLaboratory();
  folder = await mkdtemp(join(tmpdir(), 'exhibit-roles-'));
  await workloads('apply', 'quiet');
  for (const role of [READ_ONLY, KUBELET]) await kubectl(laboratory, ['apply', '-f', role]);
});

afterAll(async () => {
  for (const role of [READ_ONLY, KUBELET]) await kubectl(laboratory, ['delete', '--ignore-not-found', '-f', role]);
  await rm(folder, { recursive: true, force: true });
});

async function selectorOf(name: string): Promise<string[]> {
  if (name === '--all') return [name];
  if (name === '--node') return [name, laboratory.nodes[0] ?? ''];
  if (name === '--namespace') return [name, NAMESPACE];
  const pods = await kubectl(laboratory, ['get', 'pods', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].metadata.name}']);
  return [name, `${NAMESPACE}/${pods.split(' ')[0] ?? ''}`];
}

describe.each(['--node', '--pod', '--namespace', '--all'])('with exactly the shipped role, %s', (name) => {
  it('is planned without a right missing, and collected without a refusal', async () => {
    const desk = await member('exhibit:collectors');
    try {
      const selector = await selectorOf(name);
      const plan = await desk.json<{ rights: Right[] }>(['collect', ...selector, '--dry-run']);
      expect(plan.exitCode).toBe(0);
      expect(plan.result.rights.length).toBeGreaterThan(10);
      expect(plan.result.rights.filter((right) => right.allowed !== true)).toEqual([]);
      const { exitCode, result } = await desk.json<{ gaps: Gap[] }>(['collect', ...selector]);
      expect([0, 3]).toContain(exitCode);
      expect(result.gaps.filter((gap) => gap.outcome === 'denied' || gap.reason === 'forbidden')).toEqual([]);
    } finally {
      await desk.close();
    }
  });
});

describe('the kubelet', () => {
  it('is refused with the shipped role alone, and shown as missing', async () => {
    const desk = await member('exhibit:collectors');
    try {
      const selector = await selectorOf('--node');
      const plan = await desk.json<{ rights: Right[] }>(['collect', ...selector, '--kubelet', '--dry-run']);
      expect(plan.result.rights.filter((right) => right.allowed !== true)).toMatchObject([
        { verb: 'get', resource: 'nodes/proxy', allowed: false },
      ]);
    } finally {
      await desk.close();
    }
  });

  it('is read with both roles, its metrics whole', async () => {
    const desk = await member('exhibit:collectors', 'exhibit:kubelet-collectors');
    try {
      const selector = await selectorOf('--node');
      const plan = await desk.json<{ rights: Right[] }>(['collect', ...selector, '--kubelet', '--dry-run']);
      expect(plan.result.rights.filter((right) => right.allowed !== true)).toEqual([]);
      const { result } = await desk.json<{ gaps: Gap[] }>(['collect', ...selector, '--kubelet']);
      expect(result.gaps.filter((gap) => gap.outcome === 'denied')).toEqual([]);
      expect(result.gaps.filter((gap) => gap.artifact.startsWith('node-state/'))).toEqual([]);
    } finally {
      await desk.close();
    }
  });
});

describe('the roles for containment', () => {
  const RESPONDER = join(ROLES, 'responder.yaml');
  const DRILL = join(ROLES, 'drill.yaml');
  const apply = async (...files: string[]) => {
    for (const file of files) await kubectl(laboratory, ['apply', '-f', file]);
  };
  const remove = async (...files: string[]) => {
    for (const file of files) await kubectl(laboratory, ['delete', '--ignore-not-found', '-f', file]);
  };
  interface Check {
    readonly id: string;
    readonly state: string;
  }

  it('of a responder grants every right that a doctor asks for, and a quarantine of a node plans with it', async () => {
    await apply(RESPONDER);
    const desk = await member('exhibit:collectors', 'exhibit:responders');
    try {
      const node = laboratory.nodes[0] ?? '';
      const seen = await desk.json<{ checks: Check[]; rbac: string | null }>(['doctor', `node/${node}`]);
      const rights = seen.result.checks.filter(({ id }) => id.startsWith('rights-'));
      expect(rights.map(({ id, state }) => `${id} ${state}`)).toEqual([
        'rights-collect works',
        'rights-quarantine works',
      ]);
      expect(seen.result.rbac).toBeNull();
      const plan = await desk.json<{ rights: Right[] }>([
        'quarantine',
        'node',
        node,
        '--allow-node',
        node,
        '--dry-run',
      ]);
      expect(plan.exitCode).toBe(0);
      expect(plan.result.rights.filter((right) => right.allowed !== true)).toEqual([]);
    } finally {
      await desk.close();
      await remove(RESPONDER);
    }
  });

  it('that a doctor prints are taken by the server, and make what was missing be there', async () => {
    const desk = await member('exhibit:collectors');
    const manifest = join(folder, 'missing.yaml');
    try {
      const target = (await selectorOf('--pod'))[1] ?? '';
      const poor = await desk.json<{ rbac: string | null }>(['doctor', `pod/${target}`]);
      expect(poor.exitCode).toBe(11);
      await writeFile(manifest, poor.result.rbac ?? '');
      await apply(manifest);
      const rich = await desk.json<{ rbac: string | null }>(['doctor', `pod/${target}`]);
      expect(rich.result.rbac).toBeNull();
    } finally {
      await desk.close();
      await remove(manifest);
    }
  });

  it('of a drill is taken by the server, and so is the deny policy that is applied by hand', async () => {
    await apply(DRILL);
    try {
      const policy = resolve(ROLES, '../containment/deny-all.networkpolicy.yaml');
      expect(await kubectl(laboratory, ['apply', '--dry-run=server', '-f', policy])).toContain('created');
    } finally {
      await remove(DRILL);
    }
  });
});

describe('without any role', () => {
  it('nothing is planned: the selected node may not even be read', async () => {
    const desk = await member('exhibit:nobody');
    try {
      expect((await desk.exhibit(['collect', ...(await selectorOf('--node'))])).exitCode).toBe(11);
    } finally {
      await desk.close();
    }
  });
});
