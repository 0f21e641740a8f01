import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasTool, needs } from '../fakes/stock-tools.js';
import { User } from './exhibit.js';

const hasPython = hasTool('python3');

const MACHINE_ID = '0123456789abcdef0123456789abcdef';

let user: User;
let disk: string;

beforeEach(async () => {
  user = new User();
  disk = mkdtempSync(join(tmpdir(), 'exhibit-disk-'));
  mkdirSync(join(disk, 'etc'));
  writeFileSync(join(disk, 'etc/hostname'), 'Worker-7\n');
  writeFileSync(join(disk, 'etc/machine-id'), `${MACHINE_ID}\n`);
  writeFileSync(join(user.directory, 'ways.yaml'), PROFILE);
  await user.run('key', 'new');
});
afterEach(() => {
  user.remove();
  rmSync(disk, { recursive: true, force: true });
});

const PROFILE = `
apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: { name: ways, title: Ways, description: How the nodes were reached }
collectors: [cluster-identity, node-access]
`;
const ways = ['--profile', './ways.yaml'];

interface Sealed {
  readonly archivePath: string;
  readonly receiptPath: string;
  readonly statement: { readonly scope: unknown; readonly operator: { readonly apiIdentity: unknown } };
}

async function sealed(): Promise<Sealed> {
  const { document, exitCode, stderr } = await user.json('seal');
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  return document as unknown as Sealed;
}

async function member(archivePath: string, name: string): Promise<string> {
  const { stdout, exitCode } = await user.shell(`tar xzOf '${archivePath}' --wildcards '*/${name}'`);
  expect(exitCode).toBe(0);
  return stdout;
}

describe('this machine, with no cluster and in an empty folder', () => {
  it('is collected, sealed, verified and shown', async () => {
    const collected = await user.json('collect', '--local', ...ways);
    expect(collected).toMatchObject({ exitCode: 0, document: { completeness: 'complete', planned: 1 } });
    const { archivePath, receiptPath, statement } = await sealed();
    const node = hostname().toLowerCase();
    expect(statement.scope).toMatchObject({ all: false, nodes: [node], pods: [], apiServer: null, clusterUid: null });
    expect(statement.operator.apiIdentity).toBeNull();

    const verified = await user.json('verify', archivePath, '--receipt', receiptPath);
    expect(verified).toMatchObject({ exitCode: 0, document: { verdict: 'VERIFIED' } });
    const shown = await user.run('show', archivePath);
    expect(shown.stdout).toMatch(/cluster:\s+none was asked/);
    const [facts] = (await member(archivePath, `data/derived/nodes/*/access.jsonl`)).split('\n');
    expect(JSON.parse(facts ?? '')).toMatchObject({ facts: { rung: 'local', vantage: 'live-kernel' }, refusals: [] });
    expect(await member(archivePath, 'meta/requests.jsonl')).toBe('');
    const clock = JSON.parse((await member(archivePath, 'meta/clock.jsonl')).split('\n')[0] ?? '') as {
      offsetMinMs: number;
      offsetMaxMs: number;
    };
    expect(clock.offsetMinMs).toBeLessThanOrEqual(0);
    expect(clock.offsetMaxMs).toBeGreaterThanOrEqual(0);
    const custody = await member(archivePath, 'custody/acquisition.jsonl');
    expect(custody).toContain('"identityUnknownBecause":"no cluster was asked"');
    expect(custody).toContain('"phase":"node-access"');
  });

  it.skipIf(!hasPython)(`is checked by its own VERIFY.md with stock tools${needs('python3', hasPython)}`, async () => {
    await user.run('collect', '--local', ...ways);
    const { archivePath, receiptPath } = await sealed();
    const guide = await member(archivePath, 'VERIFY.md');
    const script = [...guide.matchAll(/^~~~ bash\n(.*?)^~~~$/gms)].map((block) => block[1] ?? '').join('');
    user.environment['ARCHIVE'] = archivePath;
    user.environment['RECEIPT'] = receiptPath;
    user.environment['ALLOWED_SIGNERS'] = join(user.home, 'allowed_signers');
    const { exitCode, stdout, stderr } = await user.shell(`set -euo pipefail\n${script}`);
    expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
    expect(stdout).toContain('all checks passed');
  });

  it('goes with nothing that only a cluster can answer', async () => {
    const both = await user.json('collect', '--local', '--disk', disk);
    expect(both.exitCode).toBe(2);
    for (const beside of [['--all'], ['--pod', 'a/b'], ['--kubelet'], ['--node-access', 'local']]) {
      const refused = await user.json('collect', '--local', ...beside);
      expect(refused).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
    }
  });

  it('is planned without writing anything', async () => {
    const plan = await user.json('collect', '--local', '--dry-run', '--node', 'worker-3', ...ways);
    expect(plan).toMatchObject({
      exitCode: 0,
      document: {
        server: null,
        nodes: ['worker-3'],
        rights: [],
        notAskedFor: ['cluster-identity'],
        nodeAccess: [{ way: 'local' }],
      },
    });
    expect(() => readdirSync(join(user.home, 'cases'))).toThrow();
  });
});

describe('a disk', () => {
  it('is collected under the name that it has, as offline evidence', async () => {
    const collected = await user.json('collect', '--disk', disk, ...ways);
    expect(collected).toMatchObject({ exitCode: 0, document: { completeness: 'complete' } });
    expect(collected.stderr).toContain('not mounted read-only');
    const { archivePath, statement } = await sealed();
    expect(statement.scope).toMatchObject({ nodes: ['worker-7'], apiServer: null });
    const items = (await member(archivePath, 'meta/items.jsonl')).trim().split('\n');
    const vantages = items.map((line) => JSON.parse(line) as { vantage: string; subject: object });
    expect(vantages.map(({ vantage }) => vantage)).toEqual(['offline-disk', 'offline-disk']);
    expect(vantages[0]?.subject).toEqual({ machineId: MACHINE_ID });
    expect(await member(archivePath, 'meta/clock.jsonl')).toBe('');
    expect((await user.json('verify', archivePath)).document['verdict']).toBe('VERIFIED');
  });

  it('is named by the user where it has no name that a node can have', async () => {
    writeFileSync(join(disk, 'etc/hostname'), '../../\x1b[31mevil\n');
    const nameless = await user.json('collect', '--disk', disk, ...ways);
    expect(nameless).toMatchObject({
      exitCode: 2,
      document: { error: { code: 'USAGE_INVALID', hints: ['exhibit collect --disk PATH --node NAME'] } },
    });
    const named = await user.json('collect', '--disk', disk, '--node', 'worker-9', ...ways);
    expect(named.exitCode).toBe(0);
    expect((await sealed()).statement.scope).toMatchObject({ nodes: ['worker-9'] });
  });

  it('follows no link of the disk for its name', async () => {
    rmSync(join(disk, 'etc/hostname'));
    await user.shell(
      `ln -s /etc/hostname '${disk}/etc/hostname'; rm '${disk}/etc/machine-id'; mkfifo '${disk}/etc/machine-id'`,
    );
    const nameless = await user.json('collect', '--disk', disk, ...ways);
    expect(nameless).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
  });

  it('is never written onto', async () => {
    user.environment['EXHIBIT_HOME'] = join(disk, 'home/cases/here');
    const refused = await user.json('collect', '--disk', disk, ...ways);
    expect(refused).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
    expect(readdirSync(disk)).toEqual(['etc']);
  });

  it('must exist and be a folder', async () => {
    const missing = await user.json('collect', '--disk', join(disk, 'nowhere'), ...ways);
    expect(missing).toMatchObject({ exitCode: 2, document: { error: { code: 'USAGE_INVALID' } } });
    const file = await user.json('collect', '--disk', join(disk, 'etc/hostname'), ...ways);
    expect(file).toMatchObject({ document: { error: { code: 'NODE_ACCESS_REFUSED' } } });
  });
});

describe('a node of a cluster', () => {
  it('is not this machine only because somebody says so', async () => {
    const sandbox = await user.sandbox();
    try {
      const cluster = ['--kubeconfig', sandbox.kubeconfigPath];
      const collected = await user.json('collect', '--node', 'node1', '--node-access', 'local', ...ways, ...cluster);
      expect(collected.exitCode).toBe(3);
      const gaps = collected.document['gaps'] as {
        artifact: string;
        outcome: string;
        reason: string;
        detail: string;
      }[];
      expect(gaps).toMatchObject([{ artifact: 'node-access/node1', outcome: 'denied', reason: 'no-node-access' }]);
      expect(gaps[0]?.detail).toContain('node-differs');
      const spools = join(user.home, 'cases', String(collected.document['caseId']), 'exhibits');
      const custody = readdirSync(spools, { recursive: true, encoding: 'utf8' }).find((name) =>
        name.endsWith('/custody.jsonl'),
      );
      expect(readFileSync(join(spools, custody ?? ''), 'utf8')).toContain('"reason":"node-differs"');
    } finally {
      await sandbox.stop();
    }
  });

  it('shows in the plan by which ways it would be reached', async () => {
    const sandbox = await user.sandbox();
    try {
      const cluster = ['--kubeconfig', sandbox.kubeconfigPath];
      const ssh = ['--node-access', 'ssh,local', '--ssh', 'root@127.0.0.1:2222'];
      const plan = await user.json('collect', '--node', 'node1', ...ssh, '--dry-run', ...ways, ...cluster);
      expect(plan).toMatchObject({ exitCode: 0, document: { nodeAccess: [{ way: 'ssh' }, { way: 'local' }] } });
      expect((await user.run('collect', '--node', 'node1', ...ssh, '--dry-run', ...ways, ...cluster)).stdout).toContain(
        'Ways to the nodes',
      );
    } finally {
      await sandbox.stop();
    }
  });
});

describe('an exhibit', () => {
  it('holds no two machines under one name, and no disk beside its live node', async () => {
    await user.run('collect', '--disk', disk, ...ways);
    const live = await user.json('collect', '--local', '--node', 'worker-7', ...ways);
    expect(live).toMatchObject({ exitCode: 12, document: { error: { code: 'TARGET_REPLACED' } } });
    writeFileSync(join(disk, 'etc/machine-id'), `${'f'.repeat(32)}\n`);
    const other = await user.json('collect', '--disk', disk, ...ways);
    expect(other).toMatchObject({ exitCode: 12, document: { error: { code: 'TARGET_REPLACED' } } });
    await sealed();
    expect((await user.json('collect', '--disk', disk, ...ways)).exitCode).toBe(0);
  });
});
