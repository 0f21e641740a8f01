import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import QuarantineNode from '../../src/commands/quarantine/node.js';
import QuarantinePod from '../../src/commands/quarantine/pod.js';
import Release from '../../src/commands/release.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { CLUSTER_ACTION_KINDS } from '../../src/model/action.js';
import { type Sandbox, startSandbox, type SandboxOptions } from '../../src/sandbox/start-sandbox.js';
import { containmentRights, KINDS_WITH_SUBJECTS } from '../../src/workflows/quarantine/containment-rights.js';
import { usedPermission } from '../fakes/fake-cluster-permission.js';
import { runInProcess } from '../fakes/run-in-process.js';

type Rules = NonNullable<SandboxOptions['rules']>;

interface Role {
  readonly kind: string;
  readonly rules?: Rules['resourceRules'];
}

/** What everybody who is logged in may, by the roles that a cluster comes with. */
const OF_EVERYBODY = [{ verbs: ['get'], nonResourceURLs: ['/api', '/apis', '/api/*', '/apis/*', '/version'] }];

/** Names that the sandbox's rules have no namespaces for are left as they are: it judges verbs and resources. */
function shipped(name: string): Rules {
  const text = readFileSync(resolve(import.meta.dirname, '../../templates/rbac', name), 'utf8');
  const documents = parseAllDocuments(text) as unknown as readonly { toJS(): Role }[];
  return {
    resourceRules: documents.flatMap((document) => document.toJS().rules ?? []),
    nonResourceRules: OF_EVERYBODY,
  };
}

let home: string;
let sandbox: Sandbox | null;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-rights-'));
  vi.stubEnv('EXHIBIT_HOME', home);
  sandbox = null;
});
afterEach(async () => {
  await sandbox?.stop();
  rmSync(home, { recursive: true, force: true });
});

async function open(rules: Rules): Promise<Sandbox> {
  await sandbox?.stop();
  sandbox = await startSandbox({ directory: join(home, 'cluster'), clock: systemClock, ids: systemIds, rules });
  vi.stubEnv('KUBECONFIG', sandbox.kubeconfigPath);
  return sandbox;
}

const SUSPECT = 'exhibit-quiet/web-659677877-v2qhz';
// The recorded cluster may have been on the very machine that runs the tests.
const CHECKED = ['--recheck-at', '1'];
const NODE = [...CHECKED, 'node1', '--suspect', SUSPECT, '--allow-node', 'node1', '--confirm', 'node1'];

async function ran(command: unknown, id: string, argv: readonly string[]): Promise<void> {
  const { error, report } = await runInProcess(command, id, [...argv, '--no-input']);
  expect(error).toBeNull();
  expect(report?.exitCode).toBe(0);
}

async function holdAndRelease(): Promise<void> {
  await ran(QuarantineNode, 'quarantine:node', NODE);
  await ran(Release, 'release', ['--yes']);
}

/** `patch nodes`, of every request that was let through. */
function used({ requests }: Sandbox): ReadonlySet<string> {
  const calls = requests().map(({ method, target }) => usedPermission(method, target.split('?', 1)[0] ?? ''));
  const resources = calls.filter(({ nonResourceUrl }) => nonResourceUrl === '');
  return new Set(resources.map(({ verb, apiGroup, resource }) => `${verb} ${apiGroup}/${resource}`));
}

const declared = (): readonly string[] =>
  containmentRights().flatMap(({ apiGroup, resource, verbs }) =>
    verbs.map((verb) => `${verb} ${apiGroup}/${resource}`),
  );

describe('the rights that a containment declares', () => {
  it('name what each kind of change is made to', () => {
    expect([...KINDS_WITH_SUBJECTS].sort()).toEqual([...CLUSTER_ACTION_KINDS].sort());
  });

  it('are all that a quarantine and its release use, with nothing else granted', async () => {
    const running = await open(shipped('responder.yaml'));
    await holdAndRelease();
    expect([...used(running)].filter((one) => !declared().includes(one))).toEqual([]);
    expect(running.requests().filter(({ status }) => status === 403)).toEqual([]);
  });

  it('are all used, but for what only other controllers, volumes and network plugins need', async () => {
    const running = await open(shipped('responder.yaml'));
    await holdAndRelease();
    const shift = ['--shift-others', '--lose-volatile', 'node1', '--allow-node', 'node1', '--confirm', 'node1'];
    const argv = [...CHECKED, 'node1', '--suspect', 'exhibit-quiet/mixed', ...shift];
    await ran(QuarantineNode, 'quarantine:node', argv);
    expect([...used(running)].filter((one) => !declared().includes(one))).toEqual([]);
    const calls = ['create', 'delete', 'get'];
    expect(
      declared()
        .filter((one) => !used(running).has(one))
        .sort(),
    ).toEqual(
      [
        ...['get /replicationcontrollers', 'get apps/statefulsets', 'get apps/daemonsets', 'get batch/jobs'],
        // No pod that may be moved has a claim, and no network plugin is installed.
        ...['get /persistentvolumeclaims', 'get /persistentvolumes'],
        ...calls.map((verb) => `${verb} cilium.io/ciliumnetworkpolicies`),
        ...calls.map((verb) => `${verb} crd.projectcalico.org/networkpolicies`),
        ...calls.map((verb) => `${verb} projectcalico.org/networkpolicies`),
      ].sort(),
    );
  });

  it.each([
    'patch /nodes',
    'patch /pods',
    'create networking.k8s.io/networkpolicies',
    'delete networking.k8s.io/networkpolicies',
  ])('are asked for before the first change: without %s nothing is begun', async (missing) => {
    const { resourceRules, nonResourceRules } = shipped('responder.yaml');
    const [verb = '', name = ''] = missing.split(' ');
    const less = resourceRules.map((rule) => {
      const isIt = `${rule.apiGroups?.[0] ?? ''}/${rule.resources?.[0] ?? ''}` === name;
      return isIt ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule;
    });
    const running = await open({ resourceRules: less, nonResourceRules });
    const { error } = await runInProcess(QuarantineNode, 'quarantine:node', [...NODE, '--no-input']);
    expect(error).toMatchObject({ code: 'CLUSTER_FORBIDDEN' });
    expect(running.requests().filter(({ method }) => method === 'PATCH' || method === 'DELETE')).toEqual([]);
  });

  it('of a drill are enough for a pod of the namespace, its node left alone', async () => {
    const running = await open(shipped('drill.yaml'));
    const argv = [...CHECKED, SUSPECT, '--skip', 'annotate-node', '--allow-node', 'node1', '--confirm', SUSPECT];
    await ran(QuarantinePod, 'quarantine:pod', argv);
    await ran(Release, 'release', ['--yes']);
    expect(used(running)).not.toContain('patch /nodes');
    expect(used(running)).toContain('patch /pods');
  });
});
