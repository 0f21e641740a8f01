import { ExhibitError } from '../../model/errors.js';
import type { SshDestination, SshSettings } from '../../model/node-settings.js';
import type { NodeTarget } from '../../model/target.js';

const CONNECT_TIMEOUT_S = 15;
const ALIVE_INTERVAL_S = 15;
const ALIVE_COUNT = 3;

/**
 * What no configuration file changes: nobody is asked, no unknown or changed host key is taken, nothing is forwarded, no file of ours is
 * written, no other command runs than ours.
 */
const FIXED: readonly (readonly [string, string])[] = [
  ['BatchMode', 'yes'],
  ['StrictHostKeyChecking', 'yes'],
  ['UpdateHostKeys', 'no'],
  ['ForwardAgent', 'no'],
  ['ForwardX11', 'no'],
  ['ClearAllForwardings', 'yes'],
  ['PermitLocalCommand', 'no'],
  ['RemoteCommand', 'none'],
  ['RequestTTY', 'no'],
  ['EscapeChar', 'none'],
  ['ControlPersist', 'no'],
  ['ConnectTimeout', String(CONNECT_TIMEOUT_S)],
  ['ServerAliveInterval', String(ALIVE_INTERVAL_S)],
  ['ServerAliveCountMax', String(ALIVE_COUNT)],
];

function optionValue(path: string): string {
  if (/["\n]/.test(path)) {
    throw new ExhibitError('USAGE_INVALID', 'a path for ssh must not have quotes or line feeds', { subject: path });
  }
  return `"${path.replaceAll('%', '%%')}"`;
}

/** Arguments of ssh before the command: options, then the destination behind `--`. No secret is ever one of them. */
export function sshArguments(
  { user, host, port }: SshDestination,
  { configFile, knownHostsFile }: Pick<SshSettings, 'configFile' | 'knownHostsFile'>,
  control: { readonly path: string; readonly master: boolean; readonly logFile?: string },
): readonly string[] {
  const options = [
    ...FIXED,
    ['ControlMaster', control.master ? 'yes' : 'no'] as const,
    ['ControlPath', optionValue(control.path)] as const,
    ...(knownHostsFile === null
      ? []
      : [
          ['UserKnownHostsFile', optionValue(knownHostsFile)] as const,
          ['GlobalKnownHostsFile', 'none'] as const,
          ['VerifyHostKeyDNS', 'no'] as const,
          ['KnownHostsCommand', 'none'] as const,
        ]),
  ];
  return [
    ...(configFile === null ? [] : ['-F', configFile]),
    ...options.flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...(control.logFile === undefined ? [] : ['-E', control.logFile]),
    ...(control.master ? ['-v', '-N'] : ['-T', '-o', 'LogLevel=ERROR']),
    ...(user === null ? [] : ['-l', user]),
    ...(port === null ? [] : ['-p', String(port)]),
    '--',
    host,
  ];
}

/** One word of a POSIX shell's command line, whatever it holds. */
export function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Where ssh goes for a node; `null` = nobody said. */
export function destinationOf(node: NodeTarget, settings: SshSettings): SshDestination | null {
  const named = settings.destinations.find((one) => one.node === node.name);
  if (named !== undefined) return named;
  const { internalIpUser } = settings;
  const host = node.internalIp ?? '';
  // The address is the API server's word: only what is one may become an argument.
  if (internalIpUser === null || !/^[0-9a-fA-F:.]{2,45}$/.test(host)) return null;
  return { node: node.name, user: internalIpUser, host, port: null };
}
