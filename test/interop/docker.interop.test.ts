import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CHANGED_TO, CHANGES, hasBusybox, imageArchive } from '../fakes/changed-container.js';
import { outcomeOf } from '../fakes/fake-cluster-run.js';
import {
  classesOf,
  derivedLines,
  diffEntries,
  disagreements,
  entriesAt,
  nodeContainers,
  resultOf,
} from '../fakes/node-diff.js';
import { diskAt, given, PrivateNode, triedNode } from '../fakes/private-node.js';
import { hasTool } from '../fakes/stock-tools.js';

const IMAGE = 'example.test/image:1';
const folder = mkdtempSync(join(tmpdir(), 'exhibit-docker-'));
const copies = [folder];
let daemon: ChildProcess | null = null;

/** Asks the daemon over its socket. */
function api(on: PrivateNode, method: string, path: string, ...more: string[]): unknown {
  const socket = ['--unix-socket', '/run/docker.sock'];
  const { status, stdout, stderr } = on.run(
    'curl',
    '-sS',
    '--fail',
    ...socket,
    '-X',
    method,
    ...more,
    `http://d${path}`,
  );
  if (status !== 0) throw new Error(`${method} ${path}: ${stderr}`);
  return stdout.trim() === '' ? null : JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function created(on: PrivateNode, name: string, command: readonly string[]): string {
  const limits = [{ Name: 'nofile', Soft: 1024, Hard: 1024 }];
  const asked = { Image: IMAGE, Cmd: command, HostConfig: { NetworkMode: 'none', Ulimits: limits } };
  const header = ['-H', 'content-type: application/json', '-d', JSON.stringify(asked)];
  const { Id: id } = api(on, 'POST', `/containers/create?name=${name}`, ...header) as { Id: string };
  api(on, 'POST', `/containers/${id}/start`);
  return id;
}

async function answers(on: PrivateNode): Promise<boolean> {
  for (let attempt = 0; attempt < 150 && daemon?.exitCode === null; attempt += 1) {
    try {
      api(on, 'GET', '/version');
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return false;
}

/** Ends the daemon and what it started with it. */
async function stopped(on: PrivateNode): Promise<void> {
  const one = daemon;
  daemon = null;
  try {
    if (one !== null) await on.end(one);
  } finally {
    await on.remove();
  }
}

/** Tried whole: a machine may have Docker and not let it start a container. Throws why. */
async function started(): Promise<PrivateNode> {
  if (!hasBusybox() || !hasTool('dockerd') || !hasTool('curl')) throw new Error('no Docker, curl or static busybox');
  const on = await PrivateNode.start();
  for (const path of ['var/lib/docker', 'run/docker']) mkdirSync(join(on.folder, path), { recursive: true });
  const network = ['--iptables=false', '--ip6tables=false', '--bridge=none'];
  daemon = on.spawn('dockerd', ...network, '--storage-driver', 'overlay2', '-H', 'unix:///run/docker.sock');
  try {
    if (!(await answers(on))) throw new Error(`dockerd: ${on.said()}`);
    const body = ['-H', 'content-type: application/x-tar', '--data-binary', `@${imageArchive(folder)}`];
    api(on, 'POST', '/images/create?fromSrc=-&repo=example.test/image&tag=1', ...body);
    const trial = created(on, 'trial', ['/bin/sh', '-c', ':']);
    api(on, 'POST', `/containers/${trial}/wait`);
    api(on, 'DELETE', `/containers/${trial}?force=1`);
    return on;
  } catch (error) {
    await stopped(on);
    throw error;
  }
}

const { node, why } = await triedNode(started);

afterAll(async () => {
  try {
    if (node !== null)
      for (const { Id: id } of api(node, 'GET', '/containers/json?all=1') as { Id: string }[])
        api(node, 'DELETE', `/containers/${id}?force=1`);
  } finally {
    if (node !== null) await stopped(node);
    for (const copy of copies) rmSync(copy, { recursive: true });
  }
});

describe.skipIf(node === null)(`Docker's store${why}`, () => {
  it('gives of a running and a stopped container what Docker itself says, live and from a copy', async () => {
    const on = given(node);
    const then = ': > /data/done; exec sleep 3600';
    const alive = created(on, 'alive', ['/bin/sh', '-c', `${CHANGES}${then}`]);
    const ended = created(on, 'ended', ['/bin/sh', '-c', CHANGES]);
    api(on, 'POST', `/containers/${ended}/wait`);
    const isDone = (): boolean => JSON.stringify(api(on, 'GET', `/containers/${alive}/changes`)).includes('/data/done');
    for (let tries = 0; !isDone(); tries += 1) {
      expect(tries).toBeLessThan(300);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const copy = on.copy();
    copies.push(copy);
    const live = await nodeContainers(await on.live());
    const offline = await nodeContainers(await diskAt(copy));
    for (const id of [alive, ended]) {
      expect(resultOf(live, id)).toMatchObject({ outcome: 'collected' });
      const entries = entriesAt(live, id);
      expect(Object.fromEntries(entries.map((one) => [one.path, one.class]))).toMatchObject(CHANGED_TO);
      const said = api(on, 'GET', `/containers/${id}/changes`) as { Path: string; Kind: 0 | 1 | 2 }[];
      const paths = (kind: number): string[] => said.flatMap(({ Path, Kind }) => (Kind === kind ? [Path] : []));
      const ours = classesOf(entries);
      expect(ours('added', 'renamed')).toEqual(paths(1).toSorted());
      expect(ours('content-modified', 'metadata-only', 'copied-up-unchanged', 'opaque-replaced')).toEqual(
        expect.arrayContaining(paths(0)),
      );
      // Docker counts what was in a folder that was made anew.
      const below = ours('opaque-replaced');
      const others = paths(2).filter((path) => !below.some((anew) => path.startsWith(`${anew}/`)));
      expect(ours('deleted')).toEqual(others.toSorted());
      expect(diffEntries(entriesAt(offline, id))).toEqual(diffEntries(entries));
    }
    for (const { containers } of [live, offline]) {
      // The trial's record may still lie in freed pages.
      const there = containers.filter(({ carved }) => carved === false);
      expect(there.map(({ id, name, runtime }) => [id, name, runtime]).toSorted()).toEqual(
        [
          [alive, 'alive', 'docker'],
          [ended, 'ended', 'docker'],
        ].toSorted(),
      );
      expect(containers.every(({ id }) => /^[0-9a-f]{64}$/.test(String(id)))).toBe(true);
    }
    const running = live.containers.find(({ id }) => id === alive);
    expect(running).toMatchObject({ hasTask: true, hasProcesses: true, engineLowers: 1, problems: [] });
    expect(running).toMatchObject({ spec: { cwd: '/', rootPath: expect.stringContaining('/overlay2/') as string } });
    expect(live.containers.find(({ id }) => id === ended)).toMatchObject({ hasTask: false, hasProcesses: false });
    expect(disagreements(live, [alive, ended])).toEqual([]);

    // What the daemon said is kept as it said it, and agrees with what was found without it.
    const sent = live.metadata.sink.at('data/nodes/node-1/runtime-metadata/docker/version.json').bytes.toString();
    expect(JSON.parse(sent)).toEqual(api(on, 'GET', '/version'));
    const docker = outcomeOf(live.metadata, 'runtime-metadata/node-1/docker');
    expect(docker).toMatchObject({ outcome: 'collected', proof: { containers: 2, running: 1, unanswered: 0 } });
    const lines = derivedLines(live.metadata, 'docker.jsonl');
    expect(lines).toHaveLength(2);
    // Docker takes a folder of the same second for unchanged, so how many it calls modified depends on the second.
    const said = api(on, 'GET', `/containers/${ended}/changes`) as { Kind: 0 | 1 | 2 }[];
    const changes = { modified: said.filter(({ Kind }) => Kind === 0).length, added: 10, deleted: 4 };
    expect(changes.modified).toBeGreaterThan(0);
    expect(lines.find(({ id }) => id === ended)).toMatchObject({
      ...{ daemonKnows: true, storeKnows: true, state: 'exited', sample: null, cpuNanoCores: null, changes },
    });
    expect(lines.find(({ id }) => id === alive)).toMatchObject({
      state: 'running',
      sample: { pids: '1', cpuNanoSeconds: expect.stringMatching(/^[1-9]\d+$/) as string },
      cpuNanoCores: expect.stringMatching(/^\d+$/) as string,
    });
    expect(outcomeOf(offline.metadata, 'runtime-metadata/node-1/docker')).toMatchObject({ outcome: 'absent' });
  });
});
