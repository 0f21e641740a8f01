import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const BLOCK = 524_288;
const GIB_BLOCKS = 2048;

export interface FakeSnapshot {
  readonly gib: number;
  /** By index, in the order in which they are listed. */
  readonly blocks: ReadonlyMap<number, Buffer>;
}

export interface AskedOfEbs {
  readonly kind: 'list' | 'changed' | 'block';
  readonly snapshot: string;
  /** Of a block. */
  readonly index: number;
  readonly url: URL;
  /** How many of this kind, for this block, came before. */
  readonly before: number;
}

/** What the service does instead of the truth. */
export type Lie =
  | { readonly kind: 'error'; readonly status: number; readonly name: string; readonly reason?: string }
  | { readonly kind: 'html'; readonly status: number }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'silence'; readonly afterBytes: number }
  | { readonly kind: 'block'; readonly bytes?: Buffer; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'list'; readonly answer: Readonly<Record<string, unknown>> };

export const THROTTLED: Lie = {
  kind: 'error',
  status: 400,
  name: 'RequestThrottledException',
  reason: 'ACCOUNT_THROTTLED',
};

/** The direct API of EBS in this process, as AWS publishes it; where `decide` says so it lies. */
export class FakeEbs {
  readonly snapshots = new Map<string, FakeSnapshot>();
  readonly asked: AskedOfEbs[] = [];
  decide: (asked: AskedOfEbs) => Lie | null = () => null;
  pageBlocks = 10_000;
  /** Tokens of blocks and pages given before a change of this one are no longer taken. */
  era = 1;
  /** Blocks are answered only once so many were asked for. */
  together = 1;
  #held: (() => void)[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.#answer(request, response);
  });

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  count(kind: AskedOfEbs['kind']): number {
    return this.asked.filter((one) => one.kind === kind).length;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://ebs');
    const match = /^\/snapshots\/([^/]+)\/(?:blocks(?:\/(\d+))?|(changedblocks))$/.exec(url.pathname);
    if (match === null) return fail(response, { status: 404, name: 'ResourceNotFoundException' });
    const [, snapshot = '', block, changed] = match;
    const kind = changed === undefined ? (block === undefined ? 'list' : 'block') : 'changed';
    const index = Number(block ?? -1);
    const before = this.asked.filter((one) => one.kind === kind && one.index === index).length;
    const asked = { kind, snapshot, index, url, before } as const;
    this.asked.push(asked);
    const lie = this.decide(asked);
    if (lie?.kind === 'error') return fail(response, lie);
    if (lie?.kind === 'html') return html(response, lie.status);
    const image = this.snapshots.get(snapshot);
    if (image === undefined)
      return fail(response, { status: 404, name: 'ResourceNotFoundException', reason: 'SNAPSHOT_NOT_FOUND' });
    if (kind === 'block') return this.#hold(() => this.#block(response, { image, index, url, lie }));
    const first = this.snapshots.get(url.searchParams.get('firstSnapshotId') ?? '') ?? null;
    const entries = kind === 'list' ? listed(image, this.era) : changes(first, image);
    this.#page(response, { entries, gib: image.gib, url, lie });
  }

  #hold(answer: () => void): void {
    this.#held.push(answer);
    if (this.#held.length < this.together) return;
    for (const release of this.#held) release();
    this.#held = [];
  }

  #page(
    response: ServerResponse,
    { entries, gib, url, lie }: { entries: Entry[]; gib: number; url: URL; lie: Lie | null },
  ): void {
    const token = url.searchParams.get('pageToken');
    const [era = '', offset = ''] = (token ?? '').split('-');
    if (token !== null && era !== String(this.era))
      return fail(response, { status: 400, name: 'ValidationException', reason: 'INVALID_PAGE_TOKEN' });
    const start = Number(url.searchParams.get('startingBlockIndex') ?? 0);
    const from = token === null ? entries.findIndex(({ BlockIndex }) => BlockIndex >= start) : Number(offset);
    const to = from + Math.min(this.pageBlocks, Number(url.searchParams.get('maxResults') ?? 10_000));
    const page = from === -1 ? [] : entries.slice(from, to);
    const key = url.pathname.endsWith('changedblocks') ? 'ChangedBlocks' : 'Blocks';
    const answer = {
      [key]: page,
      VolumeSize: gib,
      BlockSize: BLOCK,
      ExpiryTime: 1_800_000_000,
      ...(from !== -1 && to < entries.length ? { NextToken: `${this.era}-${to}` } : {}),
      ...(lie?.kind === 'list' ? lie.answer : {}),
    };
    response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': 'list' });
    response.end(JSON.stringify(answer));
  }

  #block(
    response: ServerResponse,
    { image, index, url, lie }: { image: FakeSnapshot; index: number; url: URL; lie: Lie | null },
  ): void {
    if (url.searchParams.get('blockToken') !== `${this.era}-block-${index}`)
      return fail(response, { status: 400, name: 'ValidationException', reason: 'INVALID_BLOCK_TOKEN' });
    const truth = image.blocks.get(index) ?? Buffer.alloc(0);
    const bytes = lie?.kind === 'block' ? (lie.bytes ?? truth) : truth;
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      'x-amzn-requestid': `block-${index}`,
      'x-amz-data-length': String(bytes.length),
      'x-amz-checksum': createHash('sha256').update(truth).digest('base64'),
      'x-amz-checksum-algorithm': 'SHA256',
      ...(lie?.kind === 'block' ? lie.headers : {}),
    });
    if (lie?.kind !== 'cut' && lie?.kind !== 'silence') return void response.end(bytes);
    response.write(bytes.subarray(0, lie.afterBytes), () => {
      if (lie.kind === 'cut') response.socket?.destroy();
    });
  }
}

interface Entry {
  readonly BlockIndex: number;
}

function listed({ blocks }: FakeSnapshot, era: number): Entry[] {
  return [...blocks.keys()].map((index) => ({ BlockIndex: index, BlockToken: `${era}-block-${index}` }));
}

function changes(first: FakeSnapshot | null, second: FakeSnapshot): Entry[] {
  const indexes = new Set([...(first?.blocks.keys() ?? []), ...second.blocks.keys()]);
  return [...indexes]
    .sort((a, b) => a - b)
    .filter((index) => {
      const [a, b] = [first?.blocks.get(index), second.blocks.get(index)];
      return a === undefined || b === undefined || !a.equals(b);
    })
    .map((index) => ({
      BlockIndex: index,
      ...(first?.blocks.has(index) === true ? { FirstBlockToken: `f-${index}` } : {}),
      ...(second.blocks.has(index) ? { SecondBlockToken: `s-${index}` } : {}),
    }));
}

function fail(
  response: ServerResponse,
  { status, name, reason }: { status: number; name: string; reason?: string },
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': name,
    'x-amzn-requestid': 'bad',
  });
  response.end(
    JSON.stringify({ Message: 'as the test wants it', ...(reason === undefined ? {} : { Reason: reason }) }),
  );
}

function html(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><title>500</title>');
}

/** One GiB with a block of its own number, repeated, at each of the indexes. */
export function imageOf(indexes: readonly number[], salt = 0): FakeSnapshot {
  return { gib: 1, blocks: new Map(indexes.map((index) => [index, Buffer.alloc(BLOCK, `${index}/${salt} `)])) };
}

/** What the whole image is by definition. */
export function sha256Of({ gib, blocks }: FakeSnapshot): string {
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(BLOCK);
  for (let index = 0; index < gib * GIB_BLOCKS; index += 1) hash.update(blocks.get(index) ?? zeros);
  return hash.digest('hex');
}
