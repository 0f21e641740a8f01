import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runInProcess } from '../../test/fakes/run-in-process.js';
import { documentSchemaOf } from '../cli/json-schemas.js';
import { systemClock, systemIds } from '../lib/clock.js';
import { type Sandbox, startSandbox, type SandboxOptions } from '../sandbox/start-sandbox.js';
import Doctor from './doctor.js';

type Rules = NonNullable<SandboxOptions['rules']>;

interface Check {
  readonly id: string;
  readonly subject: string;
  readonly state: string;
  readonly reason: string;
  readonly code: string | null;
}

const EVERYTHING: Rules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const READ_ONLY: Rules = {
  resourceRules: [
    { verbs: ['get', 'list'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io', 'authorization.k8s.io'], resources: ['*'] },
  ],
  nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
};

let home: string;
let sandbox: Sandbox | null;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'exhibit-doctor-'));
  vi.stubEnv('EXHIBIT_HOME', home);
  sandbox = null;
});
afterEach(async () => {
  await sandbox?.stop();
  rmSync(home, { recursive: true, force: true });
});

async function open(rules: Rules) {
  await sandbox?.stop();
  sandbox = await startSandbox({ directory: join(home, 'cluster'), clock: systemClock, ids: systemIds, rules });
  vi.stubEnv('KUBECONFIG', sandbox.kubeconfigPath);
  return sandbox;
}

const POD = 'pod/exhibit-quiet/web-659677877-v2qhz';

async function doctor(...argv: readonly string[]) {
  const { stdout, report, error } = await runInProcess(Doctor, 'doctor', [...argv, '--json']);
  if (error !== null) throw error;
  const document = JSON.parse(stdout) as { checks: readonly Check[]; rbac: string | null; verdict: string };
  expect(documentSchemaOf('doctor').safeParse(document).error).toBeUndefined();
  const of = (id: string) => document.checks.filter((check) => check.id === id);
  return { ...document, of, exitCode: report?.exitCode, code: report?.notice?.code };
}

const idsOf = (checks: readonly Check[], state: string): readonly string[] =>
  checks.filter((check) => check.state === state).map(({ id }) => id);

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: Rules['resourceRules'];
}

/** The rules of a manifest as the sandbox takes them; it knows no namespaces. */
function rulesIn(manifest: string): Rules {
  const documents = parseAllDocuments(manifest);
  if (!Array.isArray(documents)) throw new Error('no document');
  const rules = documents.flatMap((document) => (document.toJS() as Manifest).rules ?? []);
  return {
    resourceRules: rules.filter(({ apiGroups }) => apiGroups !== undefined),
    nonResourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs !== undefined),
  };
}

describe('a doctor with every right', () => {
  it('finds nothing that fails, says what is a guess, and has no manifest', async () => {
    await open(EVERYTHING);
    const { checks, of, rbac, verdict, exitCode, code } = await doctor();
    expect(rbac).toBeNull();
    expect(idsOf(checks, 'fails')).toEqual([]);
    // A new home has neither a key nor a trust list.
    expect(idsOf(checks, 'degraded')).toEqual(['signing-key', 'trust-list']);
    expect([verdict, exitCode, code]).toEqual(['degraded', 3, 'DOCTOR_FINDINGS']);
    expect(of('network-policy')).toMatchObject([{ state: 'unknown' }]);
    expect(of('node-cloud')).toMatchObject([{ state: 'unknown' }]);
    expect(of('rights-quarantine')).toMatchObject([{ state: 'works' }]);
  });

  it('changes nothing: every request reads, or is a review of ourselves', async () => {
    const { requests } = await open(EVERYTHING);
    await doctor('node/node1', '--kubelet');
    const writes = requests().filter(({ method }) => method !== 'GET');
    expect(writes.length).toBeGreaterThan(10);
    expect(writes.filter(({ target }) => !/\/selfsubject(access)?reviews/.test(target))).toEqual([]);
  });
});

describe('a doctor without some rights', () => {
  it('names them with exit code 11, and prints what grants exactly these', async () => {
    await open(READ_ONLY);
    const { of, rbac, exitCode, code } = await doctor(POD);
    expect([exitCode, code]).toEqual([11, 'CLUSTER_FORBIDDEN']);
    expect(of('rights-collect')).toMatchObject([{ state: 'works' }]);
    expect(of('rights-quarantine')).toMatchObject([{ state: 'fails' }]);
    const documents = parseAllDocuments(rbac ?? '') as unknown as { toJS(): Manifest }[];
    expect(
      documents.map((one) => one.toJS()).map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}`),
    ).toEqual(['ClusterRole ', 'ClusterRoleBinding ', 'Role exhibit-quiet', 'RoleBinding exhibit-quiet']);
    const granted = rulesIn(rbac ?? '').resourceRules.flatMap(({ verbs, resources = [] }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    );
    expect(granted.sort()).toEqual(['create networkpolicies', 'delete networkpolicies', 'patch nodes', 'patch pods']);
    await open({
      resourceRules: [...READ_ONLY.resourceRules, ...rulesIn(rbac ?? '').resourceRules],
      nonResourceRules: READ_ONLY.nonResourceRules,
    });
    expect(await doctor(POD)).toMatchObject({ rbac: null, exitCode: 3 });
  });

  it('who may nothing but ask gets a manifest with which all of them are there', async () => {
    const reviews: Rules = {
      resourceRules: [
        { verbs: ['create'], apiGroups: ['authentication.k8s.io', 'authorization.k8s.io'], resources: ['*'] },
      ],
      nonResourceRules: [],
    };
    await open(reviews);
    const poor = await doctor('node/node1');
    expect(poor.exitCode).toBe(11);
    expect(poor.of('collection-plan')).toMatchObject([{ state: 'fails', code: 'CLUSTER_FORBIDDEN' }]);
    // The lists that a wildcard stands for are known only once discovery and targets can be read.
    const add = (one: Rules, other: Rules): Rules => ({
      resourceRules: [...one.resourceRules, ...other.resourceRules],
      nonResourceRules: [...one.nonResourceRules, ...other.nonResourceRules],
    });
    const first = add(reviews, rulesIn(poor.rbac ?? ''));
    await open(first);
    const better = await doctor('node/node1');
    await open(better.rbac === null ? first : add(first, rulesIn(better.rbac)));
    const rich = await doctor('node/node1');
    expect(rich.rbac).toBeNull();
    expect(idsOf(rich.checks, 'fails')).toEqual([]);
  });
});

describe('a doctor that cannot look', () => {
  it('says so of the cluster, and looks at this machine all the same', async () => {
    const { server } = await open(EVERYTHING);
    await sandbox?.stop();
    sandbox = null;
    const { checks, exitCode, code, rbac } = await doctor();
    expect([exitCode, code, rbac]).toEqual([10, 'CLUSTER_UNREACHABLE', null]);
    expect(checks.find(({ id }) => id === 'cluster')).toMatchObject({ state: 'fails', subject: server });
    expect(checks.map(({ id }) => id)).toContain('case-disk');
  });

  it('without a kubeconfig likewise', async () => {
    vi.stubEnv('KUBECONFIG', join(home, 'none'));
    const { exitCode, code, checks } = await doctor();
    expect([exitCode, code]).toEqual([10, 'KUBECONFIG_INVALID']);
    expect(checks.map(({ id }) => id)).toContain('signing-key');
  });

  it('names a target that is not there', async () => {
    await open(EVERYTHING);
    const { of, exitCode, code } = await doctor('node/nowhere');
    expect([exitCode, code]).toEqual([12, 'TARGET_GONE']);
    expect(of('target')).toMatchObject([{ state: 'fails', code: 'TARGET_GONE' }]);
  });

  it.each(['worker-3', 'node/', 'pod/shop', 'pod/shop/cart/more', 'node/../x', 'deployment/shop/cart'])(
    'refuses %s, which is no target',
    async (target) => {
      await expect(doctor(target)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    },
  );
});

describe('a doctor of collector pods', () => {
  it('finds an image that is missing, and one that is not pinned', async () => {
    await open(EVERYTHING);
    const missing = await doctor('node/node1', '--node-access', 'collector-pod');
    expect(missing.of('collector-image')).toMatchObject([{ state: 'fails' }]);
    const image = ['--collector-image', 'tools:1', '--collector-image-present'];
    const tagged = await doctor('node/node1', '--node-access', 'collector-pod', ...image);
    expect(tagged.of('collector-image')).toMatchObject([{ state: 'degraded' }]);
    expect(tagged.of('collector-namespace')).toMatchObject([{ state: 'works' }]);
    expect(tagged.of('rights-collector-pod')).toMatchObject([{ state: 'works' }]);
  });
});
