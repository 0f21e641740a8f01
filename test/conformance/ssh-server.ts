import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshSettings } from '../../src/model/node-settings.js';

const SSHD = '/usr/sbin/sshd';

/** sshd wants its folder of privilege separation where root starts it. */
export const HAS_SSHD = spawnSync(SSHD, ['-V']).error === undefined;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function makeKey(path: string): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
}

/** A real sshd on loopback, with a host key of its own and one user: whoever runs the tests. */
export class SshServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'exhibit-sshd-'));
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<SshServer> {
    const server = new SshServer(await freePort());
    const { directory, port } = server;
    makeKey(join(directory, 'host'));
    makeKey(join(directory, 'user'));
    makeKey(join(directory, 'stranger'));
    copyFileSync(join(directory, 'user.pub'), join(directory, 'authorized_keys'));
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    writeFileSync(join(directory, 'banner'), 'Authorised use only.\n');
    server.#trust('known_hosts', 'host.pub');
    server.#trust('wrong_hosts', 'stranger.pub');
    writeFileSync(join(directory, 'no_hosts'), '');
    writeFileSync(
      join(directory, 'sshd_config'),
      [
        `Port ${String(port)}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${directory}/host`,
        `AuthorizedKeysFile ${directory}/authorized_keys`,
        'PidFile none',
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PermitRootLogin prohibit-password',
        'PermitTTY no',
        `Banner ${directory}/banner`,
        'AcceptEnv EXHIBIT_*',
        'AllowTcpForwarding no',
        '',
      ].join('\n'),
    );
    server.configure('ssh_config', 'user');
    server.configure('stranger_config', 'stranger');
    await server.#listen();
    return server;
  }

  #trust(name: string, publicKey: string): void {
    const [type, key] = readFileSync(join(this.directory, publicKey), 'utf8').split(' ');
    writeFileSync(join(this.directory, name), `[127.0.0.1]:${String(this.port)} ${type ?? ''} ${key ?? ''}\n`);
  }

  /** A configuration of ssh that knows one key, and nothing of the user's own. */
  configure(name: string, key: string): void {
    writeFileSync(
      join(this.directory, name),
      `Host *\n  IdentityFile ${this.directory}/${key}\n  IdentitiesOnly yes\n  IdentityAgent none\n  SendEnv EXHIBIT_*\n`,
    );
  }

  async #listen(): Promise<void> {
    const child = spawn(SSHD, ['-D', '-e', '-f', join(this.directory, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Server listening')) resolve();
      });
      child.once('exit', () => {
        reject(new Error(`sshd did not start: ${said}`));
      });
    });
  }

  settings(changes: Partial<SshSettings> & { readonly node?: string } = {}): SshSettings {
    const { node = 'here', ...rest } = changes;
    return {
      destinations: [{ node, user: userInfo().username, host: '127.0.0.1', port: this.port }],
      internalIpUser: null,
      configFile: join(this.directory, 'ssh_config'),
      knownHostsFile: join(this.directory, 'known_hosts'),
      sudo: false,
      ...rest,
    };
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
