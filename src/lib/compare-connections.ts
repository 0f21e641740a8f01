/** What tells one connection from another, as one line of a list of connections gives it. */
export interface ListedConnection {
  /** Inode of the network namespace. */
  readonly namespace: string;
  readonly protocol: string;
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
  readonly state: string;
  /** `0` where no process has it. */
  readonly inode: string;
}

export interface ConnectionChange<T> {
  readonly before: T;
  readonly after: T;
}

export interface ConnectionComparison<T> {
  /** In the second list only. */
  readonly opened: readonly T[];
  /** In the first list only. */
  readonly closed: readonly T[];
  /** The same connection in another state. */
  readonly changed: readonly ConnectionChange<T>[];
  /** The same connection in the same state. */
  readonly kept: readonly T[];
}

function keyOf({ namespace, protocol, local, remote, inode }: ListedConnection): string {
  return [namespace, protocol, local.address, local.port, remote.address, remote.port, inode].join(' ');
}

/** By namespace, five-tuple and socket; several sockets may share a five-tuple (SO_REUSEPORT), and each is matched once. */
export function compareConnections<T extends ListedConnection>(
  before: Iterable<T>,
  after: Iterable<T>,
): ConnectionComparison<T> {
  const waiting = new Map<string, T[]>();
  for (const connection of before) {
    const key = keyOf(connection);
    const same = waiting.get(key);
    if (same === undefined) waiting.set(key, [connection]);
    else same.push(connection);
  }
  const opened: T[] = [];
  const changed: ConnectionChange<T>[] = [];
  const kept: T[] = [];
  for (const connection of after) {
    const earlier = waiting.get(keyOf(connection))?.shift();
    if (earlier === undefined) opened.push(connection);
    else if (earlier.state === connection.state) kept.push(connection);
    else changed.push({ before: earlier, after: connection });
  }
  return { opened, closed: [...waiting.values()].flat(), changed, kept };
}
