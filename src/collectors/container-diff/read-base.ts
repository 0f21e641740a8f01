import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { BaseLayers, foldersOf } from './base-layers.js';
import { ATTRIBUTES_SCRIPT, HASH_SCRIPT, LAYERS_SCRIPT } from './far-scripts.js';
import { ListingError, ListingReader, type ListedEntry } from './listing.js';
import { overlayMarksOf, type MarkPrefix } from './overlay-marks.js';
import type { FarFolder } from './resolve-folders.js';
import { runShort } from './run-short.js';
import { isPackagePath } from './take-packages.js';

export interface BaseRequest {
  readonly access: NodeAccess;
  readonly signal: AbortSignal;
  readonly lowers: readonly FarFolder[];
  /** Paths of the image that the writable layer says something about. */
  readonly wanted: ReadonlySet<string>;
  /** Folders of which everything is wanted: they were deleted or replaced. */
  readonly expanded: ReadonlySet<string>;
  /** Paths whose attributes are wanted, because the writable layer's have some. */
  readonly withXattrs: ReadonlySet<string>;
  readonly markPrefix: MarkPrefix;
}

export interface ReadBase {
  readonly layers: BaseLayers;
  /** By layer and path, `0:etc/passwd`. */
  readonly xattrs: ReadonlyMap<string, ReadonlyMap<string, Buffer>>;
  /** Plain words where the layers could not be read whole. */
  readonly problems: readonly string[];
  /** Of the listing of the layers as it came; it is not kept. */
  readonly listing: { readonly sha256: string; readonly sizeBytes: number };
}

/** Bytes of one list on standard input, below the port's bound. */
const MAX_STDIN_BYTES = 15 * 1024 * 1024;
/** Entries of the layers that are held to be compared. */
const MAX_HELD = 300_000;
const MAX_LISTING_BYTES = 4 * 1024 * 1024 * 1024;
/** Files whose attributes are read come with their content. */
const MAX_WITH_CONTENT_BYTES = 64 * 1024 * 1024;

export const keyOf = (layer: number, path: string): string => `${String(layer)}:${path}`;

function isBelowOneOf(folders: ReadonlySet<string>, path: string): boolean {
  for (const folder of foldersOf(path)) if (folders.has(folder)) return true;
  return false;
}

class LayerListing {
  readonly layers: BaseLayers;
  readonly problems: string[] = [];
  readonly #reader = new ListingReader();
  readonly #request: BaseRequest;
  #layer = -1;
  #held = 0;

  constructor(request: BaseRequest) {
    this.#request = request;
    this.layers = new BaseLayers(request.lowers.length);
  }

  feed(chunk: Buffer): void {
    for (const record of this.#reader.feed(chunk)) {
      if (record.kind === 'layer') this.#layer += 1;
      else if (record.kind === 'entry') this.#entry(record.entry);
      else if (this.#isWanted(record.path) && record.major === 0 && record.minor === 0)
        this.layers.mark(this.#layer, record.path, {
          whiteout: 'device',
          opaque: false,
          redirect: null,
          metacopy: false,
        });
    }
  }

  end(): void {
    this.#reader.end();
  }

  #entry(entry: ListedEntry): void {
    if (!this.#isWanted(entry.path)) return;
    this.#held += 1;
    if (this.#held <= MAX_HELD) this.layers.add(this.#layer, entry);
    else if (this.#held === MAX_HELD + 1) this.problems.push('the layers below have too many entries to compare all');
  }

  #isWanted(path: string): boolean {
    const { wanted, expanded } = this.#request;
    return wanted.has(path) || isPackagePath(path) || (expanded.size > 0 && isBelowOneOf(expanded, path));
  }
}

/** The path of an entry relative to the root of the view. */
const inView = (folder: FarFolder, path: string): string => `${folder.path.slice(1)}/${path}`;

/** Lists of paths, each below the bound of standard input. */
export function* stdinLists(paths: Iterable<string>): Generator<Buffer> {
  let list: Buffer[] = [];
  let sizeBytes = 0;
  for (const path of paths) {
    const line = Buffer.from(`${path}\0`, 'latin1');
    if (sizeBytes + line.length > MAX_STDIN_BYTES && list.length > 0) {
      yield Buffer.concat(list);
      [list, sizeBytes] = [[], 0];
    }
    list.push(line);
    sizeBytes += line.length;
  }
  if (list.length > 0) yield Buffer.concat(list);
}

function* withAttributes({ layers }: LayerListing, request: BaseRequest): Generator<{ layer: number; path: string }> {
  for (const layer of request.lowers.keys()) {
    for (const { path, type, sizeBytes } of layers.entriesOf(layer)) {
      const isSmall = type === 'file' && sizeBytes <= MAX_WITH_CONTENT_BYTES;
      const isWanted = type === 'directory' || (isSmall && (sizeBytes === 0 || request.withXattrs.has(path)));
      if (isWanted && path !== '') yield { layer, path };
    }
  }
}

async function readAttributes(listing: LayerListing, request: BaseRequest): Promise<ReadBase['xattrs']> {
  const { access, signal, lowers } = request;
  const asked = new Map<string, { layer: number; path: string }>();
  for (const one of withAttributes(listing, request)) {
    const folder = lowers[one.layer];
    if (folder !== undefined) asked.set(inView(folder, one.path), one);
  }
  const xattrs = new Map<string, ReadonlyMap<string, Buffer>>();
  for (const stdin of stdinLists(asked.keys())) {
    const reader = new PaxTarReader();
    const take = (chunk: Buffer): void => {
      for (const event of reader.feed(chunk)) {
        if (event.kind !== 'entry') continue;
        const one = asked.get(event.entry.name.toString('latin1').replace(/\/$/, ''));
        if (one === undefined) continue;
        xattrs.set(keyOf(one.layer, one.path), event.entry.xattrs);
        const entry = listing.layers.entryAt(one.layer, one.path);
        if (event.entry.xattrs.size > 0 && entry !== null)
          listing.layers.mark(
            one.layer,
            one.path,
            overlayMarksOf(entry, { xattrs: event.entry.xattrs, rdev: null, prefix: request.markPrefix }),
          );
      }
    };
    const command = {
      name: 'layer-attributes',
      script: ATTRIBUTES_SCRIPT,
      args: [lowers[0]?.view ?? '-'],
      stdin,
      signal,
    };
    const end = await access.run({ ...command, maxBytes: MAX_LISTING_BYTES }, { chunk: take });
    if (end.end !== 'complete' || end.exitStatus !== 0)
      listing.problems.push('attributes of the layers below could not all be read');
  }
  return xattrs;
}

/** Lists the layers below, keeps what is wanted, and reads the attributes that decide what shows through. */
export async function readBase(request: BaseRequest): Promise<ReadBase> {
  const { access, signal, lowers } = request;
  const listing = new LayerListing(request);
  const stdin = Buffer.from(lowers.map(({ path, identity }) => `${path}\0${identity}\0`).join(''), 'latin1');
  const command = { name: 'layers', script: LAYERS_SCRIPT, args: [lowers[0]?.view ?? '-'], stdin, signal };
  const problemsOf = (error: unknown): void => {
    if (!(error instanceof ListingError) && !(error instanceof TarFormatError)) throw error;
    listing.problems.push(error.message);
  };
  let facts: ReadBase['listing'] = { sha256: '', sizeBytes: 0 };
  let xattrs: ReadBase['xattrs'] = new Map();
  try {
    const end = await access.run(
      { ...command, maxBytes: MAX_LISTING_BYTES },
      { chunk: (bytes) => listing.feed(bytes) },
    );
    facts = { sha256: end.sha256, sizeBytes: end.sizeBytes };
    if (end.end !== 'complete' || end.exitStatus !== 0)
      listing.problems.push(`the layers below could not be listed whole: ${end.endDetail ?? end.stderr.trim()}`);
    else listing.end();
    xattrs = await readAttributes(listing, request);
  } catch (error) {
    problemsOf(error);
  }
  return { layers: listing.layers, xattrs, problems: listing.problems, listing: facts };
}

/** SHA-256 of files of the layers, by layer and path. What cannot be read has none. */
export async function hashBase(
  { access, signal, lowers }: Pick<BaseRequest, 'access' | 'signal' | 'lowers'>,
  files: Iterable<{ readonly layer: number; readonly path: string }>,
): Promise<ReadonlyMap<string, string>> {
  const asked = new Map<string, string>();
  for (const { layer, path } of files) {
    const folder = lowers[layer];
    if (folder !== undefined) asked.set(inView(folder, path), keyOf(layer, path));
  }
  const hashes = new Map<string, string>();
  for (const stdin of stdinLists(asked.keys())) {
    const command = { name: 'layer-hashes', script: HASH_SCRIPT, args: [lowers[0]?.view ?? '-'], stdin, signal };
    const { bytes } = await runShort(access, command);
    for (const line of bytes.toString('latin1').split('\0')) {
      const [, sha256, path] = /^([0-9a-f]{64}) [ *]([^]+)$/.exec(line) ?? [];
      const key = path === undefined ? undefined : asked.get(path);
      if (key !== undefined && sha256 !== undefined) hashes.set(key, sha256);
    }
  }
  return hashes;
}
