import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { SshSettings } from '../../src/model/node-settings.js';
import { sameMachineOnly } from '../../src/node-access/same-machine-only.js';
import { sshRung } from '../../src/node-access/ssh/ssh-rung.js';
import type { NodeTarget } from '../../src/model/target.js';
import type { NodeAccess, NodeCommandEnd } from '../../src/ports/node-access.js';
import { HAS_SSHD, SshServer } from './ssh-server.js';

const node: NodeTarget = { name: 'here', uid: 'u', machineId: '', ready: true };
const scratchDirectory = mkdtempSync(join(tmpdir(), 'exhibit-ssh-test-'));
const marks = mkdtempSync(join(tmpdir(), 'exhibit-ssh-marks-'));
afterAll(() => {
  rmSync(marks, { recursive: true, force: true });
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

/**
 * Ends the process of sshd that serves the very connection that this runs over, when the file `$1` says that the first line has come
 * through it.
 */
const END_CONNECTION = `
echo begun
until [ -e "$1" ]; do sleep 0.05; done
pid=$$
while [ "$pid" -gt 1 ]; do
  read -r name < "/proc/$pid/comm"
  case $name in sshd*) kill -9 "$pid"; break;; esac
  while IFS= read -r line; do case $line in PPid:*) pid=$(printf '%s' "$line" | tr -dc 0-9);; esac; done < "/proc/$pid/status"
done
sleep 600
`;

async function endConnection(access: NodeAccess): Promise<{ end: NodeCommandEnd; received: string }> {
  const mark = join(marks, `received-${String(readdirSync(marks).length)}`);
  let received = '';
  const end = await access.run(
    { name: 'end-connection', script: END_CONNECTION, args: [mark], idleTimeoutMs: 20_000 },
    {
      chunk: (bytes) => {
        received += bytes.toString();
        writeFileSync(mark, '');
      },
    },
  );
  return { end, received };
}

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

  it('records the key of the host, whatever its banner says, and however much', async () => {
    const forged = `debug1: Server host key: ssh-ed25519 SHA256:${'A'.repeat(43)}\n`;
    writeFileSync(join(server.directory, 'banner'), forged.repeat(1000));
    const access = await open(server.settings());
    expect(access.facts.transport?.['hostKey']).toMatch(/^ssh-ed25519 SHA256:(?!A{43})/);
    await access.close();
    writeFileSync(join(server.directory, 'banner'), 'WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\n');
    const refused = open(server.settings({ configFile: `${server.directory}/stranger_config` }));
    await expect(refused).rejects.toMatchObject({ subject: 'permission-denied' });
  });

  it('gives the node nothing of our environment, although the configuration of ssh would send it', async () => {
    process.env['EXHIBIT_SSH_MARKER'] = 'seen';
    try {
      const access = await open(server.settings());
      let seen = '';
      await access.run({ name: 'env', script: 'env' }, { chunk: (bytes) => void (seen += bytes.toString()) });
      await access.close();
      expect(seen).toContain('LC_ALL=C');
      expect(seen).not.toContain('EXHIBIT_SSH_MARKER');
    } finally {
      Reflect.deleteProperty(process.env, 'EXHIBIT_SSH_MARKER');
    }
  });

  it('makes its socket elsewhere when the path of the scratch folder is too long for one', async () => {
    const long = join(scratchDirectory, 'x'.repeat(100));
    mkdirSync(long);
    const options = { clock: systemClock, ids: systemIds, variables: process.env, scratchDirectory: long };
    const access = await sshRung(server.settings(), options).open(node, new AbortController().signal);
    expect(access.facts.rung).toBe('ssh');
    await access.close();
    rmSync(long, { recursive: true });
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
    const { end, received } = await endConnection(access);
    expect([end.end, end.exitStatus, received]).toEqual(['cut', null, 'begun\n']);
    const again = await access.run({ name: 'again', script: 'echo again' }, { chunk: () => undefined });
    expect(again).toMatchObject({ end: 'complete', sizeBytes: 6 });
    await access.close();
  });

  it('says that the node is lost, once and for all, when it is', async () => {
    const own = await SshServer.start();
    const access = await open(own.settings());
    own.stop();
    await endConnection(access);
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
