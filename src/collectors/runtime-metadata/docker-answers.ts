import { parseInstant } from '../../lib/clock.js';
import { arrayAt, parseJson, stringAt, stringsAt, valueAt } from '../../lib/untyped.js';

const ID = /^[0-9a-f]{64}$/;
const MAX_CONTAINERS = 5000;
const MAX_TEXT = 1024;
/** Below it the two samples are too near to each other to tell a rate. Milliseconds. */
const MIN_WINDOW_MS = 200;

/** A container as Docker's daemon tells of it. Untrusted text, bounded. */
export interface DockerContainer {
  readonly id: string;
  readonly name: string | null;
  readonly image: string | null;
  readonly imageId: string | null;
  readonly state: string | null;
}

/** How many paths changed, by Docker's own count: folders on the way are modified. */
export interface DockerChanges {
  readonly modified: number;
  readonly added: number;
  readonly deleted: number;
}

/** Counters as decimal strings: they may exceed 2^53. `null` = not said. */
export interface DockerSample {
  readonly readAt: string | null;
  readonly cpuNanoSeconds: string | null;
  readonly memoryBytes: string | null;
  readonly pids: string | null;
  readonly networkRxBytes: string | null;
  readonly networkTxBytes: string | null;
}

const cut = (text: string | undefined): string | null => text?.slice(0, MAX_TEXT) ?? null;

/** The answer to `/containers/json`; `null` when it is none. At most 5,000. */
export function parseDockerContainers(body: Buffer): readonly DockerContainer[] | null {
  const list = parseJson(body);
  if (!Array.isArray(list)) return null;
  return (list as unknown[]).slice(0, MAX_CONTAINERS).flatMap((one) => {
    const id = stringAt(one, 'Id');
    if (id === undefined || !ID.test(id)) return [];
    const name = cut(stringsAt(one, 'Names')[0]?.replace(/^\//, ''));
    return [
      {
        id,
        name,
        image: cut(stringAt(one, 'Image')),
        imageId: cut(stringAt(one, 'ImageID')),
        state: cut(stringAt(one, 'State')),
      },
    ];
  });
}

/** A row's second field: the body, a line feed and the status. `undefined` when it was no good answer. */
function bodyOf(field: Buffer): unknown {
  const end = field.lastIndexOf(0x0a);
  return end !== -1 && field.subarray(end + 1).equals(Buffer.from('200'))
    ? parseJson(field.subarray(0, end))
    : undefined;
}

/** The answer to `/containers/ID/changes`; Docker says `null` where nothing changed. `null` when it is none. */
export function parseDockerChanges(field: Buffer): DockerChanges | null {
  const body = bodyOf(field);
  if (body === undefined || (body !== null && !Array.isArray(body))) return null;
  const kinds = arrayAt({ body }, 'body').map((one) => valueAt(one, 'Kind'));
  const count = (kind: number): number => kinds.filter((one) => one === kind).length;
  return { modified: count(0), added: count(1), deleted: count(2) };
}

function counter(value: unknown, ...path: readonly string[]): string | null {
  const found = valueAt(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) && found >= 0
    ? BigInt(Math.round(found)).toString()
    : null;
}

function networkBytes(body: unknown, name: string): string | null {
  const networks = valueAt(body, 'networks');
  if (networks === null || typeof networks !== 'object') return null;
  const all = Object.values(networks)
    .slice(0, 64)
    .map((one: unknown) => counter(one, name));
  return all.reduce<bigint>((sum, one) => sum + BigInt(one ?? 0), 0n).toString();
}

/** The answer to `/containers/ID/stats`; `null` when it is none. */
export function parseDockerSample(field: Buffer): DockerSample | null {
  const body = bodyOf(field);
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return null;
  return {
    readAt: stringAt(body, 'read')?.slice(0, 64) ?? null,
    cpuNanoSeconds: counter(body, 'cpu_stats', 'cpu_usage', 'total_usage'),
    memoryBytes: counter(body, 'memory_stats', 'usage'),
    pids: counter(body, 'pids_stats', 'current'),
    networkRxBytes: networkBytes(body, 'rx_bytes'),
    networkTxBytes: networkBytes(body, 'tx_bytes'),
  };
}

interface Point {
  readonly atMs: number;
  readonly nanoSeconds: bigint;
}

function pointOf(sample: DockerSample | undefined): Point | null {
  const atMs = parseInstant(sample?.readAt ?? '');
  const nanoSeconds = sample?.cpuNanoSeconds ?? null;
  return atMs === null || nanoSeconds === null ? null : { atMs, nanoSeconds: BigInt(nanoSeconds) };
}

/** Billionths of a core between two samples of a container, by the times that the daemon gave them; `null` = it cannot be told. */
export function cpuNanoCores(first: DockerSample | undefined, last: DockerSample | undefined): string | null {
  const from = pointOf(first);
  const to = pointOf(last);
  if (from === null || to === null || to.atMs - from.atMs < MIN_WINDOW_MS || to.nanoSeconds < from.nanoSeconds)
    return null;
  return (((to.nanoSeconds - from.nanoSeconds) * 1000n) / BigInt(to.atMs - from.atMs)).toString();
}
