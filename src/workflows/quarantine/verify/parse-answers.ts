import { formatAddress } from '../../../lib/format-address.js';
import { parseInet } from '../../../lib/parse-inet.js';
import type { Flow } from './containment-check.js';

const MAX_LINES = 20_000;

/** Lines of an answer; a last one without an end was cut and is none. */
function linesOf(text: string): readonly string[] {
  return text.split('\n', MAX_LINES + 1).slice(0, -1);
}

/** 8 or 32 hexadecimal digits as an address; `''` for anything else. */
function addressOf(hex: string): string {
  return /^(?:[0-9a-f]{8}|[0-9a-f]{32})$/.test(hex) ? formatAddress(Buffer.from(hex, 'hex')) : '';
}

function portOf(text: string): number {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : 0;
}

/** The namespace in which a script was; `null` where it does not say, or says several. */
function namespaceOf(lines: readonly string[]): string | null {
  const said = new Set(lines.flatMap((line) => /^namespace\t(\d{1,12})$/.exec(line)?.[1] ?? []));
  const [one = null] = said;
  return said.size === 1 ? one : null;
}

export interface ListeningAt {
  readonly family: 4 | 6;
  /** Hexadecimal; empty where this place would send from none. */
  readonly addressHex: string;
  readonly address: string;
  readonly port: number;
}

/** `null` until it says that all of them are there. */
export function parseListening(text: string): readonly ListeningAt[] | null {
  const lines = linesOf(text);
  if (!lines.includes('ready')) return null;
  return lines.flatMap((line) => {
    const [, family, hex = '', port = ''] = /^listening\t([46])\t([0-9a-f]{0,32})\t(\d{1,5})$/.exec(line) ?? [];
    if (family === undefined || portOf(port) === 0) return [];
    const address = addressOf(hex);
    return [{ family: family === '6' ? 6 : 4, addressHex: address === '' ? '' : hex, address, port: portOf(port) }];
  });
}

export interface ConnectAnswer {
  readonly status: 'connected' | 'timeout' | 'error';
  /** As the kernel numbers it; 0 = none. */
  readonly errno: number;
  readonly local: { readonly address: string; readonly port: number };
  /** The first 64 bytes that came, hexadecimal. */
  readonly saidHex: string;
}

export interface ConnectAnswers {
  readonly namespace: string | null;
  readonly byId: ReadonlyMap<number, ConnectAnswer>;
}

const RESULT =
  /^result\t(\d{1,6})\t(connected|timeout|error)\t(\d{1,5})\t([0-9a-f]{0,32})\t(\d{1,5})\t([0-9a-f]{0,128})$/;

/** What became of each connection that was asked for; one that is not told of, or twice, is not there. */
export function parseConnects(text: string): ConnectAnswers {
  const lines = linesOf(text);
  const byId = new Map<number, ConnectAnswer>();
  const twice = new Set<number>();
  for (const line of lines) {
    const [, id, status, errno, hex = '', port = '', saidHex = ''] = RESULT.exec(line) ?? [];
    if (id === undefined || (status !== 'connected' && status !== 'timeout' && status !== 'error')) continue;
    if (byId.has(Number(id))) twice.add(Number(id));
    const local = { address: addressOf(hex), port: portOf(port) };
    byId.set(Number(id), { status, errno: Number(errno), local, saidHex });
  }
  for (const id of twice) byId.delete(id);
  return { namespace: namespaceOf(lines), byId };
}

export interface PodNamespaces {
  /** Of whoever asked. */
  readonly own: string;
  /** Of the node's first process; empty where it may not be looked at. */
  readonly first: string;
  /** A process of each namespace that the pod's processes are in. */
  readonly found: readonly { readonly pid: number; readonly namespace: string }[];
}

export function parseProcesses(text: string): PodNamespaces {
  const found = new Map<string, number>();
  let own = '';
  let first = '';
  for (const line of linesOf(text)) {
    const [, what, inode] = /^(own|first)\t(\d{1,12})$/.exec(line) ?? [];
    if (what === 'own') own = inode ?? '';
    if (what === 'first') first = inode ?? '';
    const [, pid, namespace] = /^process\t(\d{1,10})\/ns\/net\t(\d{1,12})$/.exec(line) ?? [];
    if (namespace !== undefined && !found.has(namespace)) found.set(namespace, Number(pid));
  }
  return { own, first, found: [...found].map(([namespace, pid]) => ({ pid, namespace })) };
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** Connections with other machines; `null` where the answer is not whole, or of another namespace. */
export function parseFlows(
  text: string,
  { pod, namespace, isLittleEndian }: Pick<Flow, 'pod' | 'namespace'> & { readonly isLittleEndian: boolean },
): readonly Flow[] | null {
  const lines = linesOf(text);
  if (lines.at(-1) !== 'end' || namespaceOf(lines) !== namespace) return null;
  return lines.flatMap((line) => {
    const socket = parseInet(line, isLittleEndian);
    if (socket?.state !== 'established' || LOOPBACK.test(socket.remote.address)) return [];
    return [{ pod, namespace, local: socket.local, remote: socket.remote }];
  });
}
