import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Desk, kubectl, openLaboratory, type Laboratory } from './laboratory.js';
import { collectorImage, leftOf } from './pod-access.js';

interface Collected {
  readonly caseId: string;
  readonly outcomes: Record<string, number>;
  readonly gaps: readonly { readonly artifact: string; readonly outcome: string; readonly reason: string }[];
}

const ROLES = ['collector-readonly', 'collector-pod'].map((name) =>
  resolve(import.meta.dirname, `../../templates/rbac/${name}.yaml`),
);
const NAMESPACE = 'exhibit-collector';
/** Nothing but the way to the node and what is quickly read there. */
const PROFILE = `apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: { name: way, title: The way to a node, description: And its network. }
collectors: [cluster-identity, node-access, node-network]
`;

let laboratory: Laboratory;
let folder: string;

beforeAll(async () => {
  laboratory = await openLaboratory();
  folder = await mkdtemp(join(tmpdir(), 'exhibit-pod-roles-'));
  await writeFile(join(folder, 'way.yaml'), PROFILE);
  for (const role of ROLES) await kubectl(laboratory, ['apply', '-f', role]);
  // The API server learns of a role a moment after it was made.
  await vi.waitFor(
    async () => {
      expect(await mayDo('create', 'pods', NAMESPACE)).toBe('yes');
    },
    { timeout: 30_000 },
  );
});
afterAll(async () => {
  // Other tests expect that the namespace is not there.
  for (const role of ROLES) await kubectl(laboratory, ['delete', '--ignore-not-found', '--wait', '-f', role]);
  await rm(folder, { recursive: true, force: true });
});

/** Somebody with no rights but those of these groups, which the shipped bindings name. */
function as(...groups: string[]): string[] {
  return ['--as', 'somebody-without-rights', ...groups.flatMap((group) => ['--as-group', group])];
}

async function mayDo(verb: string, resource: string, namespace: string): Promise<string> {
  const question = ['auth', 'can-i', verb, resource, '-n', namespace, ...as('exhibit:pod-collectors')];
  // Its exit status is 1 for no.
  const answer = await kubectl(laboratory, question).catch((error: unknown) => (error as { stdout: string }).stdout);
  return answer.trim();
}

function collect(): string[] {
  return [
    ...['collect', '--node', laboratory.nodes[1] ?? '', '--profile', join(folder, 'way.yaml')],
    ...['--node-access', 'collector-pod', '--collector-image', collectorImage(laboratory), '--collector-image-present'],
  ];
}

async function withDesk(use: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = await Desk.open(laboratory.kubeconfig);
  try {
    await use(desk);
  } finally {
    await desk.close();
  }
}

describe('with exactly the shipped roles of the collector and of the collector pod', () => {
  const who = as('exhibit:collectors', 'exhibit:pod-collectors');

  it('a node is read by a collector pod, nothing is refused, and nothing stays', async () => {
    await withDesk(async (desk) => {
      const { result } = await desk.json<Collected>([...collect(), ...who]);
      expect(result.gaps.filter(({ outcome }) => outcome === 'denied')).toEqual([]);
      expect(result.gaps.filter(({ artifact }) => /^node-(access|network)/.test(artifact))).toEqual([]);
      expect(result.outcomes['collected']).toBeGreaterThanOrEqual(4);
      expect(await desk.json(['cleanup', '--verify', ...who])).toMatchObject({
        exitCode: 0,
        result: { verdict: 'nothing-left', found: [], unread: [] },
      });
      expect(await leftOf(laboratory, result.caseId)).toEqual([]);
      expect(await kubectl(laboratory, ['get', 'pods', '-n', NAMESPACE, '-o', 'name'])).toBe('');
      expect(await kubectl(laboratory, ['get', 'namespace', NAMESPACE, '-o', 'name'])).toBe(`namespace/${NAMESPACE}\n`);
    });
  });

  it('the rights of the pod are good for nothing elsewhere', async () => {
    expect(await mayDo('create', 'pods', NAMESPACE)).toBe('yes');
    expect(await mayDo('create', 'pods', 'default')).toBe('no');
    expect(await mayDo('get', 'pods/exec', 'default')).toBe('no');
    expect(await mayDo('list', 'secrets', NAMESPACE)).toBe('no');
  });
});

describe('with the role of the collector alone', () => {
  it('no pod is made, and what needs the node is denied with the words of the API server', async () => {
    await withDesk(async (desk) => {
      const who = as('exhibit:collectors');
      const { exitCode, result } = await desk.json<Collected>([...collect(), ...who]);
      expect(exitCode).toBe(3);
      const refused = result.gaps.filter(({ reason }) => reason === 'no-node-access');
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.map(({ outcome }) => outcome)).toContain('denied');
      expect(JSON.stringify(refused)).toMatch(/collector-pod: forbidden .*cannot create resource/);
      expect(await leftOf(laboratory, result.caseId)).toEqual([]);
    });
  });
});
