import { NamespaceRecords, type Handles } from './namespace-records.js';
import { STATUS_LINE } from './scripts.js';

const MAX_SOCKETS = 300_000;

export interface DiagSocket {
  readonly namespace: string;
  /** As ss calls it: `tcp`, `udp`, `icmp`, `raw`. */
  readonly netid: string;
  readonly state: string;
  readonly inode: string;
}

/** `tcp LISTEN 0 128 127.0.0.1:12379 0.0.0.0:* ino:3530413 sk:2 cgroup:/... <->`; `null` when it is no such line. */
export function parseDiagLine(line: string): Omit<DiagSocket, 'namespace'> | null {
  const [, netid, state] = /^([a-z_0-9]{1,12}) +([A-Z0-9-]{1,16}) +\d+ +\d+ /.exec(line) ?? [];
  const inode = / ino:(\d{1,20})(?: |$)/.exec(line)?.[1];
  return netid === undefined || state === undefined ? null : { netid, state, inode: inode ?? '0' };
}

/** The sockets of every namespace as ss lists them. */
export class DiagView {
  readonly sockets: DiagSocket[] = [];
  /** Namespaces that were surely read, by a tool that ended well. */
  readonly read = new Set<string>();
  readonly #pending = new Map<string, { readonly sockets: DiagSocket[]; status: string }>();
  readonly #records: NamespaceRecords;

  constructor(handles: Handles) {
    this.#records = new NamespaceRecords(handles, {
      record: (namespace, file, content) => {
        if (file === 'tool/ss') this.#line(namespace, content.toString('latin1'));
      },
      sure: (namespace) => {
        const pending = this.#pending.get(namespace);
        this.#pending.delete(namespace);
        if (pending?.status !== '0') return;
        this.read.add(namespace);
        for (const socket of pending.sockets) if (this.sockets.length < MAX_SOCKETS) this.sockets.push(socket);
      },
    });
  }

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  #line(namespace: string, line: string): void {
    const pending = this.#pending.get(namespace) ?? { sockets: [], status: '' };
    this.#pending.set(namespace, pending);
    if (line.startsWith(STATUS_LINE)) {
      pending.status = line.slice(STATUS_LINE.length).trim();
      return;
    }
    const socket = parseDiagLine(line);
    if (socket !== null && pending.sockets.length < MAX_SOCKETS) pending.sockets.push({ ...socket, namespace });
  }
}
