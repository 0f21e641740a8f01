import { NulRows } from '../nul-rows.js';

/** Namespaces of a node; one with more is not read beyond these. */
const MAX_NAMESPACES = 10_000;
/** References that are kept of one namespace. */
const MAX_PIDS = 100_000;
const MAX_OTHERS = 64;
const MAX_HOLDERS = 16;

/** One network namespace and the ways to it. */
export interface Namespace {
  /** Inode: its number while this boot lasts. */
  readonly inode: string;
  readonly pids: number[];
  /** Names in `/run/netns`, and open files `<pid>/fd/<n>`, as the kernel's references to it. */
  readonly otherHandles: Buffer[];
}

export interface SocketHolder {
  readonly pid: number;
  readonly fd: number;
}

const NETWORK = /^net:\[(\d{1,12})\]$/;
const SOCKET = /^socket:\[(\d{1,20})\]$/;

/** Reads the rows of the links script as they go by. */
export class Namespaces {
  readonly byInode = new Map<string, Namespace>();
  readonly namespaceOf = new Map<number, string>();
  /** Processes that have a socket open, by its inode. */
  readonly holders = new Map<string, SocketHolder[]>();
  isFull = false;
  readonly #rows = new NulRows(2, ([name, target]) => {
    if (name !== undefined && target !== undefined) this.#take(name, target.toString('latin1'));
  });

  feed(chunk: Buffer): void {
    this.#rows.feed(chunk);
  }

  /** References to a namespace, the best first: through a process, whose files are read without entering. */
  static handlesOf({ pids, otherHandles }: Namespace): Buffer[] {
    return [...pids.slice(0, 8).map((pid) => Buffer.from(`${String(pid)}/ns/net`)), ...otherHandles];
  }

  #take(name: Buffer, target: string): void {
    const [, pid, fd] = /^(\d{1,10})\/(?:ns\/net|fd\/(\d{1,10}))$/.exec(name.toString('latin1')) ?? [];
    const socket = fd === undefined ? undefined : SOCKET.exec(target)?.[1];
    const inode = NETWORK.exec(target)?.[1];
    if (socket !== undefined) this.#takeSocket(socket, { pid: Number(pid), fd: Number(fd) });
    else if (inode !== undefined) this.#takeNamespace(inode, name, fd === undefined ? pid : undefined);
  }

  #takeSocket(inode: string, holder: SocketHolder): void {
    const holders = this.holders.get(inode) ?? [];
    if (holders.length < MAX_HOLDERS) holders.push(holder);
    this.holders.set(inode, holders);
  }

  #takeNamespace(inode: string, name: Buffer, pid: string | undefined): void {
    const namespace = this.#of(inode);
    if (pid !== undefined) {
      this.namespaceOf.set(Number(pid), inode);
      if (namespace !== null && namespace.pids.length < MAX_PIDS) namespace.pids.push(Number(pid));
    } else if (namespace !== null && namespace.otherHandles.length < MAX_OTHERS) namespace.otherHandles.push(name);
  }

  #of(inode: string): Namespace | null {
    const known = this.byInode.get(inode);
    if (known !== undefined) return known;
    if (this.byInode.size >= MAX_NAMESPACES) {
      this.isFull = true;
      return null;
    }
    const fresh: Namespace = { inode, pids: [], otherHandles: [] };
    this.byInode.set(inode, fresh);
    return fresh;
  }
}
