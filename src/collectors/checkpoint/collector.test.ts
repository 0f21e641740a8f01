import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answered, FakeChanges, lost, refused, said } from '../../../test/fakes/fake-checkpointer.js';
import { fakeNode, fakeTargets, outcomeOf, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { LOCAL_NODE, linesOf, runOnNode } from '../../../test/fakes/local-node.js';
import { systemClock, systemIds } from '../../lib/clock.js';
import { openDisk } from '../../node-access/local.js';
import type { PodTarget } from '../../model/target.js';
import type { ActuateAnswer } from '../../ports/cluster-actuator.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { collector } from './collector.js';

const FOLDER = '/var/lib/kubelet/checkpoints';
const NAME = 'checkpoint-web_shop-app-2026-01-01T00:00:00Z.tar';
const UID = '12345678-1234-1234-1234-123456789012';
const ARTIFACT = `checkpoint/shop/web.${UID}/app`;
const TAR = 'data/pods/shop/web.12345678/app/checkpoint/checkpoint.tar';
const DERIVED = 'data/derived/checkpoint/shop/web.app.12345678';

const container = (name: string, state: 'running' | 'terminated') => ({
  name,
  role: 'main' as const,
  containerId: 'containerd://abc',
  restartCount: 0,
  state,
  stateReason: '',
  hasPrevious: false,
});
const POD: PodTarget = {
  namespace: 'shop',
  name: 'web',
  uid: UID,
  node: LOCAL_NODE,
  phase: 'Running',
  containers: [container('app', 'running'), container('old', 'terminated')],
};

let root: string;
let work: string;
let real: NodeAccess;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-checkpoint-'));
  work = mkdtempSync(join(tmpdir(), 'exhibit-checkpoint-'));
  mkdirSync(join(root, FOLDER), { recursive: true });
  real = await openDisk(
    { node: LOCAL_NODE, root },
    { clock: systemClock, ids: systemIds, rateBytesPerSecond: null },
    new AbortController().signal,
  );
});
afterEach(async () => {
  await real.close();
  for (const folder of [root, work]) {
    execFileSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The scripts run for real, on a tree that stands for the node. */
function access(): NodeAccess {
  return {
    facts: { ...real.facts, vantage: 'live-kernel', rung: 'local' },
    close: async () => await Promise.resolve(),
    run: async (command, consumer) => await real.run(command, consumer),
  };
}

function tarOf(files: Readonly<Record<string, Buffer | string>>): Buffer {
  const folder = mkdtempSync(join(work, 'tar-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return execFileSync('tar', ['-C', folder, '-cf', '-', ...Object.keys(files)], { maxBuffer: 64 * 1024 * 1024 });
}

const LAYER = (): Buffer =>
  tarOf({ 'etc/.wh.passwd': '', 'var/log/.wh..wh..opq': '', 'var/log/new': 'x', 'tmp/a': 'y' });

function writeCheckpoint(bytes: Buffer): void {
  writeFileSync(join(root, FOLDER, NAME), bytes, { mode: 0o600 });
}

interface Kubelet {
  readonly answer?: ActuateAnswer;
  readonly bytes?: Buffer | null;
  readonly asked?: readonly string[];
  readonly node?: NodeAccess;
}

async function take({
  answer = said(`${FOLDER}/${NAME}`),
  bytes = tarOf({ 'config.dump': '{}' }),
  asked,
  node,
}: Kubelet = {}) {
  const changes = new FakeChanges(() => {
    if (bytes !== null) writeCheckpoint(bytes);
    return answer;
  });
  const run = await runOnNode(collector, node ?? access(), {
    limits: { checkpoints: asked ?? ['shop/web/app'], idleTimeoutMs: 60_000 },
    targets: fakeTargets({ nodes: [fakeNode(LOCAL_NODE)], podList: [POD] }),
    changes,
  });
  return { run, changes };
}

const isThere = (): boolean => existsSync(join(root, FOLDER, NAME));
const deletionsOf = (run: FakeRun) =>
  linesOf(run, `${DERIVED}/deletions.jsonl`).map(({ path, saidBy }) => [(path as { display: string }).display, saidBy]);

describe('a checkpoint', () => {
  it('is not even planned unless it was asked for', async () => {
    const run = await runOnNode(collector, access(), { targets: fakeTargets({ podList: [POD] }) });
    expect(run.outcomes).toEqual([]);
  });

  it('is asked for on record, fetched as a secret, listed, and proven gone from the node', async () => {
    const bytes = tarOf({
      'config.dump': '{}',
      'checkpoint/pages-1.img': Buffer.alloc(100_000, 7),
      'rootfs-diff.tar': gzipSync(LAYER()),
      'deleted.files': '["/etc/passwd","/usr/bin/gone"]',
    });
    const { run, changes } = await take({ bytes });
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({
      outcome: 'collected',
      reason: 'complete',
      proof: { end: 'complete', removedFromNode: 'proven', auditId: 'audit-1' },
    });
    expect(run.sink.at(TAR).bytes.equals(bytes)).toBe(true);
    expect(run.sink.at(TAR).draft.sensitivity).toBe('secret');
    expect(isThere()).toBe(false);
    expect(changes.log).toEqual([
      'action checkpoint-container',
      'checkpoint shop/web/app',
      'effect checkpoint-container done',
      'action remove-checkpoint',
      'effect remove-checkpoint proven-gone',
    ]);
    const members = linesOf(run, `${DERIVED}/members.jsonl`).map(({ name }) => (name as { display: string }).display);
    expect(members).toEqual(['config.dump', 'checkpoint/pages-1.img', 'rootfs-diff.tar', 'deleted.files']);
    expect(deletionsOf(run)).toEqual([
      ['/etc/passwd', ['deleted.files', 'whiteout']],
      ['/usr/bin/gone', ['deleted.files']],
      ['/var/log', ['opaque-folder']],
    ]);
  });

  it('has its layer read plain, too, and says when the layer or the archive is none', async () => {
    const plain = await take({ bytes: tarOf({ 'rootfs-diff.tar': LAYER() }) });
    expect(deletionsOf(plain.run)).toEqual([
      ['/etc/passwd', ['whiteout']],
      ['/var/log', ['opaque-folder']],
    ]);
    for (const [bytes, unread] of [
      [Buffer.from('no archive at all'), 'not-a-tar'],
      [tarOf({ 'rootfs-diff.tar': gzipSync(LAYER()).subarray(0, 60) }), 'layer-gzip-broken'],
      [tarOf({ 'rootfs-diff.tar': gzipSync(Buffer.alloc(2000, 1)) }), 'layer-not-a-tar'],
      [tarOf({ 'rootfs-diff.tar': Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]) }), 'layer-is-zstd'],
      [tarOf({ 'deleted.files': 'x' }), 'deleted-files-unreadable'],
    ] as const) {
      const { run } = await take({ bytes });
      expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'collected', proof: { unread } });
      expect(run.sink.at(TAR).bytes.equals(bytes)).toBe(true);
    }
  });

  it('stays, and is named, where the way may not write', async () => {
    // Another inode keeps the script from removing it, as a read-only root does.
    const node = access();
    const cannot: NodeAccess = {
      ...node,
      run: async (command, consumer) =>
        await node.run(command.name === 'checkpoint-remove' ? { ...command, args: ['0'] } : command, consumer),
    };
    const { run, changes } = await take({ node: cannot });
    const { outcome, detail, proof } = outcomeOf(run, ARTIFACT);
    expect([outcome, proof]).toMatchObject(['collected', { removedFromNode: 'no', leftOnNode: 1 }]);
    expect(detail).toContain(`left on node ${LOCAL_NODE}, with all memory of the container: ${NAME}`);
    expect(changes.effects.at(-1)).toMatchObject({ outcome: 'left-behind', after: { path: `${FOLDER}/${NAME}` } });
    expect(isThere()).toBe(true);
  });

  it('stays on the node as the only whole copy when it did not come whole', async () => {
    const node = access();
    const cut: NodeAccess = {
      ...node,
      run: async (command, consumer) => {
        const end = await node.run(command, consumer);
        return command.name === 'checkpoint-fetch' ? { ...end, end: 'cut', endDetail: 'gone', farSha256: null } : end;
      },
    };
    const { run, changes } = await take({ node: cut });
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'partial', reason: 'cut', proof: { leftOnNode: 1 } });
    expect(isThere()).toBe(true);
    expect(changes.log).not.toContain('action remove-checkpoint');
  });

  it('is read nowhere but in the folder of checkpoints, under a name of this container, and through no link', async () => {
    writeFileSync(join(root, 'shadow'), 'secret');
    for (const path of [
      '/etc/shadow',
      `${FOLDER}/../../../../shadow`,
      `${FOLDER}/checkpoint-other_shop-app-1.tar`,
      `${FOLDER}/${NAME}\n/etc/shadow`,
      `${FOLDER}/x/${NAME}`,
    ]) {
      const { run } = await take({ answer: said(path), bytes: null });
      expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'failed', reason: 'unexpected-path' });
      expect(run.sink.items).toEqual([]);
    }
    const two = await take({ answer: answered({ items: [`${FOLDER}/${NAME}`, `${FOLDER}/${NAME}`] }), bytes: null });
    expect(outcomeOf(two.run, ARTIFACT)).toMatchObject({ reason: 'unexpected-path' });
    symlinkSync(join(root, 'shadow'), join(root, FOLDER, NAME));
    const { run } = await take({ bytes: null });
    expect(outcomeOf(run, ARTIFACT)).toMatchObject({ outcome: 'failed', reason: 'command-failed' });
    expect(run.sink.items).toEqual([]);
    expect(readFileSync(join(root, 'shadow'), 'utf8')).toBe('secret');
  });

  it('that was refused leaves the words of who refused, and what came to be all the same is named', async () => {
    const words = 'checkpointing of shop/web/app failed (rpc error: code = Unknown desc = CRIU is not installed)';
    const failed = await take({ answer: lost(`status 500: ${words}`), bytes: null });
    expect(outcomeOf(failed.run, ARTIFACT)).toMatchObject({
      outcome: 'failed',
      reason: 'checkpoint-failed',
      detail: expect.stringContaining('CRIU') as unknown,
    });
    const half = await take({ answer: lost('the connection was cut'), bytes: Buffer.from('half') });
    expect(outcomeOf(half.run, ARTIFACT)).toMatchObject({
      outcome: 'failed',
      reason: 'unknown',
      proof: { leftOnNode: 1 },
    });
    const forbidden = await take({ answer: refused(403, 'forbidden', 'cannot create nodes/proxy'), bytes: null });
    expect(outcomeOf(forbidden.run, ARTIFACT)).toMatchObject({ outcome: 'denied', reason: 'forbidden' });
    const old = await take({ answer: refused(404, 'not-found', '404 page not found'), bytes: null });
    expect(outcomeOf(old.run, ARTIFACT)).toMatchObject({ outcome: 'failed', reason: 'not-served' });
  });

  it('of what does not run, or is not among the targets, is skipped in words', async () => {
    const { run, changes } = await take({ asked: ['shop/web', 'shop/elsewhere/app'] });
    expect(outcomeOf(run, `checkpoint/shop/web.${UID}/old`)).toMatchObject({
      outcome: 'skipped',
      reason: 'not-running',
    });
    expect(outcomeOf(run, 'checkpoint/shop/elsewhere/app')).toMatchObject({ reason: 'not-in-scope' });
    expect(changes.log.filter((line) => line.startsWith('checkpoint'))).toEqual(['checkpoint shop/web/app']);
  });

  it('is not asked for where there is no way to fetch it', async () => {
    const changes = new FakeChanges(() => said(''));
    const run = await runOnNode(collector, access(), {
      limits: { checkpoints: ['shop/web/app'] },
      targets: fakeTargets({ nodes: [fakeNode(LOCAL_NODE)], podList: [POD] }),
      nodeAccess: async () => await Promise.reject(new Error('no way')),
      changes,
    });
    expect(run.outcomes[0]?.error).toMatchObject({ message: 'no way' });
    expect(changes.log).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('stays where this user may not remove it (not as root)', async () => {
    writeCheckpoint(tarOf({ 'config.dump': '{}' }));
    const changes = new FakeChanges(() => {
      chmodSync(join(root, FOLDER), 0o500);
      return said(`${FOLDER}/${NAME}`);
    });
    const run = await runOnNode(collector, access(), {
      limits: { checkpoints: ['shop/web/app'], idleTimeoutMs: 60_000 },
      targets: fakeTargets({ nodes: [fakeNode(LOCAL_NODE)], podList: [POD] }),
      changes,
    });
    expect(outcomeOf(run, ARTIFACT).proof).toMatchObject({ removedFromNode: 'no' });
    expect(isThere()).toBe(true);
  });
});
