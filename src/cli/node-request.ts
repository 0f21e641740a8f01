import { isAbsolute, join } from 'node:path';
import { ExhibitError } from '../model/errors.js';
import { NODE_RATE_BYTES_PER_SECOND, type SshDestination, type SshSettings } from '../model/node-settings.js';
import type { NodeRung } from '../ports/node-access.js';
import { parseBytes } from './quantities.js';

/** What was asked of the nodes, before defaults. */
export interface NodeFlagValues {
  readonly 'node': readonly string[] | undefined;
  readonly 'node-access'?: readonly NodeRung[] | undefined;
  readonly 'node-rate'?: string | undefined;
  readonly 'ssh'?: readonly string[] | undefined;
  readonly 'ssh-user'?: string | undefined;
  readonly 'ssh-config'?: string | undefined;
  readonly 'ssh-known-hosts'?: string | undefined;
  readonly 'ssh-sudo'?: boolean;
}

export interface NodeRequest {
  readonly nodeAccess: readonly NodeRung[];
  readonly nodeRateBytesPerSecond: number | null;
  readonly ssh: SshSettings;
}

const DESTINATION =
  /^(?:(?<user>[A-Za-z0-9_][A-Za-z0-9_.$-]*)@)?(?:\[(?<ipv6>[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?)\]|(?<host>[A-Za-z0-9_][A-Za-z0-9_.-]*))(?::(?<port>\d{1,5}))?$/;
const MAX_PORT = 65_535;
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.$-]*$/;

function usage(subject: string, message: string): ExhibitError {
  return new ExhibitError('USAGE_INVALID', message, {
    subject,
    hints: ['exhibit collect --node NODE --node-access ssh --ssh NODE=USER@HOST'],
  });
}

function placeOf(text: string): Omit<SshDestination, 'node'> | null {
  const { user, ipv6, host = ipv6, port } = DESTINATION.exec(text)?.groups ?? {};
  const number = port === undefined ? null : Number(port);
  if (host === undefined || number === 0 || (number ?? 1) > MAX_PORT) return null;
  return { user: user ?? null, host, port: number };
}

/** `NODE=[USER@]HOST[:PORT]`, an IPv6 address in brackets; `onlyNode` stands in where the name is left out. Throws `USAGE_INVALID`. */
export function parseSshDestination(text: string, onlyNode: string | undefined): SshDestination {
  const equals = text.indexOf('=');
  const node = equals === -1 ? (onlyNode ?? '') : text.slice(0, equals);
  if (node === '') throw usage(text, 'it is not said which node this ssh destination is for: write NODE=USER@HOST');
  const place = placeOf(text.slice(equals + 1));
  if (place !== null) return { node, ...place };
  throw usage(text, 'this is no ssh destination: write NODE=[USER@]HOST[:PORT], an IPv6 address in brackets');
}

function rateOf(text: string | undefined): number | null {
  if (text === undefined) return NODE_RATE_BYTES_PER_SECOND;
  if (text === 'unlimited') return null;
  const rate = parseBytes(text);
  if (rate > 0) return rate;
  throw new ExhibitError('USAGE_INVALID', 'at a rate of 0 nothing is ever read', {
    subject: text,
    hints: ['exhibit collect --node-rate 10Mi', 'exhibit collect --node-rate unlimited'],
  });
}

/** The flags about nodes as the workflow wants them; paths become absolute, for `resume` may run elsewhere. Throws `USAGE_INVALID`. */
export function nodeRequestOf(flags: NodeFlagValues, workingDirectory: string): NodeRequest {
  const absolute = (path: string | undefined): string | null =>
    path === undefined ? null : isAbsolute(path) ? path : join(workingDirectory, path);
  const [first, ...others] = flags.node ?? [];
  const user = flags['ssh-user'];
  if (user !== undefined && !USER.test(user)) throw usage(user, 'this is no user name for ssh');
  return {
    nodeAccess: flags['node-access'] ?? [],
    nodeRateBytesPerSecond: rateOf(flags['node-rate']),
    ssh: {
      destinations: (flags.ssh ?? []).map((text) => parseSshDestination(text, others.length === 0 ? first : undefined)),
      internalIpUser: user ?? null,
      configFile: absolute(flags['ssh-config']),
      knownHostsFile: absolute(flags['ssh-known-hosts']),
      sudo: flags['ssh-sudo'] ?? false,
    },
  };
}
