import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { SshSettings } from '../../src/model/node-settings.js';
import { sameMachineOnly } from '../../src/node-access/same-machine-only.js';
import { sshRung } from '../../src/node-access/ssh/ssh-rung.js';
import type { NodeTarget } from '../../src/model/target.js';
import { HAS_SSHD, SshServer } from './ssh-server.js';

const node: NodeTarget = { name: 'here', uid: 'u', machineId: '', ready: true };
const scratchDirectory = mkdtempSync(join(tmpdir(), 'exhibit-ssh-test-'));
afterAll(() => {
  rmSync(scratchDirectory, { recursive: true, force: true });
});

const rung = (settings: SshSettings) =>
  sshRung(settings, {
    clock: systemClock,
    ids: systemIds,
    rateBytesPerSecond: null,
    variables: process.env,
    scratchDirectory,
  });
const open = async (settings: SshSettings, target = node) =>
  await rung(settings).open(target, new AbortController().signal);

/** Ends the process of sshd that serves the very connection that this runs over. */
const END_CONNECTION = `
echo begun
pid=$$
while [ "$pid" -gt 1 ]; do
  read -r name < "/proc/$pid/comm"
  case $name in sshd*) kill -9 "$pid"; break;; esac
  while IFS= read -r line; do case $line in PPid:*) pid=$(printf '%s' "$line" | tr -dc 0-9);; esac; done < "/proc/$pid/status"
done
sleep 600
`;

describe.skipIf(!HAS_SSHD)(`the ssh rung${HAS_SSHD ? '' : ' (skipped: sshd is not installed)'}`, () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await SshServer.start();
  });
  afterAll(() => {
    server.stop();
  });

  it('records where it ended, with the key of the host, and leaves nothing behind', async () => {
    const access = await open(server.settings());
    const { stdout } = spawnSync('ssh-keygen', ['-lf', join(server.directory, 'host.pub')], { encoding: 'utf8' });
    expect(access.facts.transport?.['hostKey']).toBe(`ssh-ed25519 ${stdout.split(' ')[1] ?? ''}`);
    expect(access.facts.transport?.['destination']).toMatch(/@127\.0\.0\.1:\d+$/);
    expect(access.facts).toMatchObject({ rung: 'ssh', vantage: 'live-kernel', root: '' });
    await access.close();
    expect(readdirSync(scratchDirectory)).toEqual([]);
  });

  it.each([
    [
      'an unknown host key',
      'host-key-unknown',
      (s: SshServer) => s.settings({ knownHostsFile: `${s.directory}/no_hosts` }),
    ],
    [
      'another host key',
      'host-key-changed',
      (s: SshServer) => s.settings({ knownHostsFile: `${s.directory}/wrong_hosts` }),
    ],
    [
      'a key that the node does not take',
      'permission-denied',
      (s: SshServer) => s.settings({ configFile: `${s.directory}/stranger_config` }),
    ],
    [
      'a port where nobody is',
      'unreachable',
      (s: SshServer) => s.settings({ destinations: [{ node: 'here', user: null, host: '127.0.0.1', port: 1 }] }),
    ],
    ['a node of which nobody said where it is', 'no-destination', (s: SshServer) => s.settings({ node: 'elsewhere' })],
    [
      'an InternalIP that is none',
      'no-destination',
      (s: SshServer) => s.settings({ destinations: [], internalIpUser: 'root' }),
    ],
  ])('refuses %s', async (_what, reason, settings) => {
    const target = { ...node, internalIp: '-oProxyCommand=touch' };
    const refused = open(settings(server), target);
    await expect(refused).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: reason });
    expect(readdirSync(scratchDirectory)).toEqual([]);
  });

  it('refuses a machine that is not the node', async () => {
    const other = { ...node, machineId: 'f'.repeat(32), bootId: '00000000-0000-0000-0000-000000000000' };
    const opening = sameMachineOnly(rung(server.settings())).open(other, new AbortController().signal);
    await expect(opening).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: 'node-differs' });
    const unknown = sameMachineOnly(rung(server.settings())).open(node, new AbortController().signal);
    await expect(unknown).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: 'node-unproven' });
    expect(readdirSync(scratchDirectory)).toEqual([]);
  });

  it('calls a stream cut when its connection is lost, and goes on by a new one', async () => {
    const access = await open(server.settings());
    let received = '';
    const end = await access.run(
      { name: 'end-connection', script: END_CONNECTION, idleTimeoutMs: 20_000 },
      { chunk: (bytes) => void (received += bytes.toString()) },
    );
    expect([end.end, end.exitStatus, received]).toEqual(['cut', null, 'begun\n']);
    const again = await access.run({ name: 'again', script: 'echo again' }, { chunk: () => undefined });
    expect(again).toMatchObject({ end: 'complete', sizeBytes: 6 });
    await access.close();
  });

  it('says that the node is lost, once and for all, when it is', async () => {
    const own = await SshServer.start();
    const access = await open(own.settings());
    own.stop();
    await access.run({ name: 'end-connection', script: END_CONNECTION }, { chunk: () => undefined });
    const next = access.run({ name: 'next', script: 'echo next' }, { chunk: () => undefined });
    await expect(next).rejects.toMatchObject({ code: 'NODE_ACCESS_LOST' });
    const later = access.run({ name: 'later', script: 'echo later' }, { chunk: () => undefined });
    await expect(later).rejects.toMatchObject({ code: 'NODE_ACCESS_LOST' });
    await access.close();
  });

  it('says so when sudo is not there or asks for a password', async () => {
    const hasSudo = spawnSync('sudo', ['-n', 'true']).status === 0;
    const opening = open(server.settings({ sudo: true }));
    if (hasSudo) {
      const access = await opening;
      expect(access.facts.self?.uid).toBe('0');
      await access.close();
    } else {
      await expect(opening).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED' });
    }
    expect(readdirSync(scratchDirectory)).toEqual([]);
  });
});
