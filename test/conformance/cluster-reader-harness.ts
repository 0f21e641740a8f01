import { connectCluster } from '../../src/cluster/connect.js';
import { resolveConnection } from '../../src/cluster/resolve-connection.js';
import type { KubeGlobals } from '../../src/model/kube-globals.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type {
  ClusterReader,
  ListEnd,
  ListPage,
  ListRequest,
  ReadAnswer,
  ReadRequest,
} from '../../src/ports/cluster-reader.js';
import type { RequestEnd, RequestLog, RequestStart } from '../../src/ports/request-log.js';

export interface LoggedCall {
  readonly start: RequestStart;
  end: RequestEnd | null;
}

/** A reader with everything it wrote down. */
export interface ReaderUnderTest {
  readonly reader: ClusterReader;
  readonly calls: readonly LoggedCall[];
  /** Delays that were asked for; they are not waited for. */
  readonly pauses: readonly number[];
  readonly messages: readonly string[];
}

/** A request log that keeps every call, and refuses one that ends twice. */
export function memoryLog(calls: LoggedCall[]): RequestLog {
  return {
    begin: (start) => calls.push({ start, end: null }),
    end: (seq, end) => {
      const call = calls[seq - 1];
      if (call?.end !== null) throw new Error(`call ${seq} ended twice or never began`);
      call.end = end;
    },
  };
}

export async function openReader(kubeconfig: string, globals: Partial<KubeGlobals> = {}): Promise<ReaderUnderTest> {
  const connection = await resolveConnection({ kubeconfig, ...globals }, {});
  const calls: LoggedCall[] = [];
  const pauses: number[] = [];
  const messages: string[] = [];
  const reader = connectCluster(connection, {
    requestLog: memoryLog(calls),
    clock: systemClock,
    ids: systemIds,
    io: { emit: (code) => messages.push(code), progress: () => undefined },
    userAgent: 'conformance',
    pause: async (delayMs) => {
      pauses.push(delayMs);
      await Promise.resolve();
    },
  });
  return { reader, calls, pauses, messages };
}

export interface ReadList {
  readonly end: ListEnd;
  readonly pages: readonly ListPage[];
  readonly names: readonly string[];
}

interface Named {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly cells?: readonly unknown[];
}

export function nameOf(item: unknown): string {
  const { metadata, cells } = item as Named;
  return cells === undefined ? `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}` : String(cells[0]);
}

export async function readAll(reader: ClusterReader, request: ListRequest): Promise<ReadList> {
  const pages: ListPage[] = [];
  const end = await reader.list(request, async (page) => {
    pages.push(page);
    await Promise.resolve();
  });
  return { end, pages, names: pages.flatMap((page) => page.items.map(nameOf)) };
}

export async function readStream(
  reader: ClusterReader,
  request: ReadRequest,
): Promise<{ answer: ReadAnswer; body: Buffer }> {
  const chunks: Buffer[] = [];
  const answer = await reader.stream(request, { chunk: (bytes) => void chunks.push(bytes) });
  return { answer, body: Buffer.concat(chunks) };
}

/** The error that a call ends with. Throws when it ends well. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call was expected to fail');
}
