import { NulRows } from '../nul-rows.js';

/** Open files without a name that are listed of one process; the raw rows have all. */
const MAX_DELETED_FDS = 32;
const NAMESPACE = /^([a-z_]{1,20}):\[(\d{1,12})\]$/;

export interface LinksOfProcess {
  exe: Buffer | null;
  cwd: Buffer | null;
  root: Buffer | null;
  /** Inode by name, `net`, `mnt`, `pid_for_children`. */
  readonly namespaces: Map<string, string>;
  fds: number;
  sockets: number;
  readonly deletedFds: { readonly fd: number; readonly target: Buffer; readonly mode: string }[];
}

/** Whether the kernel says of a link into /proc that its file has no name (any more). Somebody may also have named a file so. */
export function saysDeleted(target: Buffer): boolean {
  const text = target.toString('latin1');
  return text.endsWith(' (deleted)') || text.startsWith('/memfd:');
}

function takeNamespace(links: LinksOfProcess, name: string, target: Buffer): void {
  const inode = NAMESPACE.exec(target.toString('latin1'))?.[2];
  if (inode !== undefined) links.namespaces.set(name, inode);
}

/** Reads the rows of the links script as they go by. */
export class ProcessLinks {
  readonly byPid = new Map<number, LinksOfProcess>();
  readonly #rows = new NulRows(3, ([name, target, mode]) => {
    if (name !== undefined && target !== undefined && mode !== undefined) this.#take(name, target, mode);
  });

  feed(chunk: Buffer): void {
    this.#rows.feed(chunk);
  }

  #take(name: Buffer, target: Buffer, mode: Buffer): void {
    const [, pid, kind, rest = ''] =
      /^(\d{1,10})\/(exe|cwd|root|ns|fd)(?:\/([a-z0-9_]{1,20}))?$/.exec(name.toString('latin1')) ?? [];
    if (pid === undefined) return;
    const links = this.#of(Number(pid));
    if (kind === 'exe' || kind === 'cwd' || kind === 'root') links[kind] = target.length === 0 ? null : target;
    if (kind === 'ns') takeNamespace(links, rest, target);
    if (kind === 'fd' && /^\d{1,10}$/.test(rest)) this.#takeFd(links, Number(rest), { target, mode });
  }

  #takeFd(links: LinksOfProcess, fd: number, { target, mode }: { target: Buffer; mode: Buffer }): void {
    links.fds += 1;
    if (target.subarray(0, 8).toString('latin1') === 'socket:[') links.sockets += 1;
    if (saysDeleted(target) && links.deletedFds.length < MAX_DELETED_FDS)
      links.deletedFds.push({ fd, target, mode: mode.toString('latin1') });
  }

  #of(pid: number): LinksOfProcess {
    const known = this.byPid.get(pid);
    if (known !== undefined) return known;
    const fresh: LinksOfProcess = {
      exe: null,
      cwd: null,
      root: null,
      namespaces: new Map(),
      fds: 0,
      sockets: 0,
      deletedFds: [],
    };
    this.byPid.set(pid, fresh);
    return fresh;
  }
}
