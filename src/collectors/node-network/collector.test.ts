import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { linesOf, openLocalNode, runOnNode } from '../../../test/fakes/local-node.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { collector } from './collector.js';
import { NamespaceRecords } from './namespace-records.js';
import { CONFIGURATION_SCRIPT, DIAG_SCRIPT } from './scripts.js';

const NODE = 'node-1';
const NETNS = `exhibit-unit-${String(process.pid)}`;

/** Whether this machine lets us make a network namespace at all. */
const canMakeNamespaces = (() => {
  try {
    execFileSync('ip', ['netns', 'add', NETNS], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', NETNS], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

async function listen(host: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return server;
}

/** Whether this machine has IPv6 at all. */
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

const portOf = (server: Server): number => (server.address() as { port: number }).port;

let ipv4: Server;
let ipv6: Server | undefined;
let client: Socket;
let run: FakeRun;

beforeAll(async () => {
  ipv4 = await listen('127.0.0.1');
  if (hasIpv6) ipv6 = await listen('::1');
  client = connect(portOf(ipv4), '127.0.0.1');
  await new Promise<void>((resolve) => client.once('connect', resolve));
  run = await runOnNode(collector, await openLocalNode());
}, 120_000);

afterAll(() => {
  client.destroy();
  ipv4.close();
  ipv6?.close();
});

type Line = Record<string, unknown>;
const derived = (name: string, of = run): Line[] => linesOf(of, `data/derived/nodes/${NODE}/${name}.jsonl`);
const ownNamespace = () => /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0];
const withPort = (end: 'local' | 'remote', port: number) =>
  derived('connections').filter((line) => (line[end] as { port: number }).port === port);

describe('the network of this machine', () => {
  it('ends in one outcome for each part', () => {
    expect(run.outcomes.map(({ planned }) => planned.artifact)).toEqual(
      ['sockets', 'conntrack', 'configuration'].map((part) => `node-network/${NODE}/${part}`),
    );
    for (const { result } of run.outcomes) expect(['collected', 'partial']).toContain(result?.outcome);
    expect([...run.sink.open_]).toEqual([]);
  });

  it('shows a listening socket and both ends of a connection with their process', () => {
    const port = portOf(ipv4);
    const owners = [{ pid: process.pid, podUid: null, containerId: null }];
    const listening = withPort('local', port).filter((line) => line['state'] === 'listen');
    expect(listening).toMatchObject([
      {
        protocol: 'tcp',
        namespace: ownNamespace(),
        local: { address: '127.0.0.1' },
        remote: { address: '0.0.0.0', port: 0 },
        owners,
      },
    ]);
    expect(withPort('remote', port)).toMatchObject([
      { protocol: 'tcp', state: 'established', local: { address: '127.0.0.1', port: client.localPort }, owners },
    ]);
    expect(withPort('local', port).filter((line) => line['state'] === 'established')).toHaveLength(1);
  });

  it.skipIf(!hasIpv6)('shows a listening socket of IPv6 (skipped where there is none)', () => {
    expect(ipv6).toBeDefined();
    expect(ipv6 === undefined ? [] : withPort('local', portOf(ipv6))).toMatchObject([
      { protocol: 'tcp6', state: 'listen', local: { address: '::1' }, remote: { address: '::' } },
    ]);
  });

  it('says of each namespace what became of it', () => {
    const own = derived('network-namespaces').filter((line) => line['namespace'] === ownNamespace());
    expect(own).toMatchObject([{ outcome: 'collected', readAgain: true }]);
    expect(own[0]?.['pids']).toContain(process.pid);
    const sections = derived('network-configuration').find((line) => line['namespace'] === ownNamespace());
    expect(sections).toMatchObject({ outcome: 'collected' });
    expect(sections?.['sections']).toContainEqual(expect.objectContaining({ section: 'dev', outcome: 'collected' }));
  });

  it('finds none of these sockets in one view only', () => {
    const findings = run.sink.paths().includes(`data/derived/nodes/${NODE}/network-findings.jsonl`)
      ? derived('network-findings')
      : [];
    const ports = new Set([ipv4, ipv6].flatMap((server) => (server === undefined ? [] : portOf(server))));
    expect(findings.filter((line) => ports.has((line['local'] as { port: number } | null)?.port ?? 0))).toEqual([]);
  });

  it('names the sources of what is derived', () => {
    for (const item of run.sink.items.filter(({ draft }) => draft.path.startsWith('data/derived/'))) {
      expect(item.facts.derivedFrom?.length).toBeGreaterThan(0);
      for (const path of item.facts.derivedFrom ?? []) expect(run.sink.paths()).toContain(path);
    }
  });
});

const LISTENER = `
const server = require('node:net').createServer().listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;

describe.skipIf(!canMakeNamespaces)('other namespaces (skipped where none can be made)', () => {
  const quiet = `${NETNS}-quiet`;
  let child: ChildProcess | undefined;
  let port = 0;
  let inside: FakeRun;

  beforeAll(async () => {
    for (const name of [NETNS, quiet]) execFileSync('ip', ['netns', 'add', name]);
    execFileSync('ip', ['-n', NETNS, 'link', 'set', 'lo', 'up']);
    const started = spawn('nsenter', [`--net=/run/netns/${NETNS}`, process.execPath, '-e', LISTENER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    port = await new Promise((resolve) =>
      started.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
    );
    inside = await runOnNode(collector, await openLocalNode());
  }, 120_000);

  afterAll(() => {
    child?.kill('SIGKILL');
    for (const name of [NETNS, quiet]) execFileSync('ip', ['netns', 'del', name]);
  });

  it('are read, each with its own sockets', () => {
    const namespace = /\d+/.exec(readlinkSync(`/proc/${String(child?.pid)}/ns/net`))?.[0];
    expect(namespace).not.toBe(ownNamespace());
    const found = derived('connections', inside).filter((line) => line['namespace'] === namespace);
    expect(found).toMatchObject([{ state: 'listen', local: { port }, owners: [{ pid: child?.pid }] }]);
    const line = derived('network-namespaces', inside).find((one) => one['namespace'] === namespace);
    expect(line).toMatchObject({ outcome: 'collected', processes: 1, sockets: { tcp: 1 } });
  });

  it('are found and entered although no process is in them', () => {
    const handle = `/run/netns/${quiet}`;
    const line = derived('network-namespaces', inside).find((one) =>
      (one['otherHandles'] as { display: string }[]).some(({ display }) => display === handle),
    );
    expect(line).toMatchObject({ processes: 0, outcome: 'empty', readAgain: true });
    const sections = derived('network-configuration', inside).find((one) => one['namespace'] === line?.['namespace']);
    expect(sections).toMatchObject({ outcome: 'collected' });
    expect(sections?.['sections']).toContainEqual(
      expect.objectContaining({ section: 'tool/ip', outcome: 'collected', status: '0' }),
    );
  });
});

describe('a way to the node that fails', { timeout: 60_000 }, () => {
  const failing = async (change: Partial<NodeAccess>): Promise<FakeRun> => {
    const access = await openLocalNode();
    return await runOnNode(collector, {
      facts: access.facts,
      run: access.run.bind(access),
      close: access.close.bind(access),
      ...change,
    });
  };

  it('says so where no process is seen', async () => {
    const { facts } = await openLocalNode();
    const { outcomes } = await failing({ facts: { ...facts, processes: false } });
    expect(new Set(outcomes.map(({ result }) => result?.reason))).toEqual(new Set(['no-processes']));
  });

  it('is partial for the tools that are missing, and reads the rest', async () => {
    const { facts } = await openLocalNode();
    const { grep = '', find = '', stat = '' } = facts.tools;
    const result = await failing({ facts: { ...facts, tools: { grep, find, stat } } });
    const sockets = outcomeOf(result, `node-network/${NODE}/sockets`);
    expect(sockets).toMatchObject({ outcome: 'partial', reason: 'tool-missing' });
    expect(derived('connections', result).length).toBeGreaterThan(0);
  });

  it('claims nothing of a stream that was cut or is rubbish', async () => {
    const rubbish = Buffer.from('\u0000namespace\u0000\n\u001bcheck\u00001 1\n');
    const end = {
      end: 'cut' as const,
      endDetail: 'gone',
      exitStatus: null,
      sha256: '0'.repeat(64),
      farSha256: null,
      stderr: '',
    };
    const run_: NodeAccess['run'] = async (_command, consumer) => {
      await consumer.chunk(Buffer.from(rubbish));
      return { ...end, sizeBytes: rubbish.length, argv: [], auditId: null, firstByteAt: null, lastByteAt: null };
    };
    const { outcomes, sink } = await failing({ run: run_ });
    for (const { result } of outcomes) expect(result).toMatchObject({ outcome: 'partial', reason: 'cut' });
    expect(sink.items.every((item) => item.facts.outcome === 'partial')).toBe(true);
  });
});

describe('a tool that does not end', { timeout: 60_000 }, () => {
  let tools = '';
  beforeAll(() => {
    tools = mkdtempSync(join(tmpdir(), 'exhibit-tools-'));
    const scripts = {
      // Stands for entering: it runs the rest where it is.
      'nsenter': 'shift; exec "$@"',
      'ip': 'exec cat',
      'ss': 'printf cut; exec sleep 30',
      'nft': 'printf cut; exec sleep 30',
      'iptables-save': 'exec echo rules',
      'ip6tables-save': 'exit 1',
    };
    for (const [name, body] of Object.entries(scripts)) {
      writeFileSync(join(tools, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(tools, name), 0o755);
    }
  });
  afterAll(() => {
    rmSync(tools, { recursive: true });
  });

  const records = (script: string): string[] => {
    const PATH = `${tools}:${process.env['PATH'] ?? ''}`;
    const output = execFileSync('sh', ['-c', `set -u\n${script.replaceAll(' 20 ', ' 2 ')}`, 'exhibit'], {
      env: { PATH, LC_ALL: 'C', PROC: '/proc' },
      input: '101\0self/ns/net\x00102\0self/ns/net\0',
    });
    const found: string[] = [];
    new NamespaceRecords(new Map(), {
      record: (namespace, file, content) => void found.push(`${namespace} ${file} ${content.toString()}`),
      sure: () => undefined,
    }).feed(output);
    return found;
  };

  it('is ended by itself, and what it said stands below its own namespace with its status', () => {
    expect(records(DIAG_SCRIPT)).toEqual(
      ['101', '102'].flatMap((ns) => [`${ns} tool/ss cut`, `${ns} tool/ss exhibit-status 137`]),
    );
    const configuration = records(CONFIGURATION_SCRIPT);
    for (const ns of ['101', '102'])
      expect(
        configuration.filter((line) => line.startsWith(ns) && !/ tool\/ip6? | tool\/ip6?tables-legacy /.test(line)),
      ).toEqual([
        `${ns} tool/nft cut`,
        `${ns} tool/nft exhibit-status 137`,
        `${ns} tool/iptables rules`,
        `${ns} tool/iptables exhibit-status 0`,
        `${ns} tool/ip6tables exhibit-status 1`,
      ]);
    expect(configuration.filter((line) => line.startsWith('101')).map((line) => line.slice(3))).toEqual(
      configuration.filter((line) => line.startsWith('102')).map((line) => line.slice(3)),
    );
  });
});
