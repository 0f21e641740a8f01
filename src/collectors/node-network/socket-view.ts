import type { ListedConnection } from '../../lib/compare-connections.js';
import { NamespaceRecords, type Handles } from './namespace-records.js';
import { parseInet, type InetSocket } from '../../lib/parse-inet.js';
import { parseUnix, type UnixSocket } from './parse-unix.js';

/** Sockets beyond this are kept raw only. */
const MAX_SOCKETS = 300_000;

export interface InetEntry extends InetSocket, ListedConnection {
  readonly namespace: string;
  /** `tcp`, `tcp6`, `udp`, ... */
  readonly protocol: string;
}

export interface UnixEntry extends UnixSocket {
  readonly namespace: string;
}

const INET = new Set(['tcp', 'tcp6', 'udp', 'udp6', 'udplite', 'udplite6', 'raw', 'raw6', 'icmp', 'icmp6']);

/** The sockets of every namespace at one time, from `/proc/<pid>/net`. */
export class SocketView {
  readonly inet: InetEntry[] = [];
  readonly unix: UnixEntry[] = [];
  /** Namespaces that were surely read. */
  readonly read = new Set<string>();
  isFull = false;
  readonly #isLittleEndian: boolean;
  readonly #pending = new Map<string, { readonly inet: InetEntry[]; readonly unix: UnixEntry[] }>();
  #count = 0;
  #records: NamespaceRecords;

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian;
    this.#records = this.#reader(new Map());
  }

  /** Before each stream: what its script was given. What an earlier stream left unsure is dropped. */
  begin(handles: Handles): void {
    this.#pending.clear();
    this.#records = this.#reader(handles);
  }

  #reader(handles: Handles): NamespaceRecords {
    return new NamespaceRecords(handles, {
      record: (namespace, file, content) => {
        this.#record(namespace, file, content);
      },
      sure: (namespace) => {
        const { inet = [], unix = [] } = this.#pending.get(namespace) ?? {};
        this.#pending.delete(namespace);
        if (this.read.has(namespace)) return;
        this.read.add(namespace);
        for (const entry of inet) this.inet.push(entry);
        for (const entry of unix) this.unix.push(entry);
      },
    });
  }

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  #record(namespace: string, file: string, content: Buffer): void {
    if (this.#count >= MAX_SOCKETS) {
      this.isFull = true;
      return;
    }
    const pending = this.#pending.get(namespace) ?? { inet: [], unix: [] };
    this.#pending.set(namespace, pending);
    const before = pending.inet.length + pending.unix.length;
    if (file === 'unix') {
      const socket = parseUnix(content);
      if (socket !== null) pending.unix.push({ ...socket, namespace });
    } else if (INET.has(file)) {
      const socket = parseInet(content.toString('latin1'), this.#isLittleEndian);
      if (socket !== null) pending.inet.push({ ...socket, namespace, protocol: file });
    }
    this.#count += pending.inet.length + pending.unix.length - before;
  }
}
