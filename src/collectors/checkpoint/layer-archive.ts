import { once } from 'node:events';
import { createGunzip, type Gunzip } from 'node:zlib';
import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';

/** What a gzip may grow to: it is read for names only, and a bomb ends here. */
const MAX_INFLATED_BYTES = 64 * 1024 ** 3;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const SNIFF_BYTES = 4;
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** The layer inside a checkpoint, plain or gzip by its first bytes and not by its name: the whiteouts in it. */
export class LayerArchive {
  readonly #deleted: (path: string, saidBy: 'whiteout' | 'opaque-folder') => void;
  readonly #reader = new PaxTarReader();
  #head = Buffer.alloc(0);
  #isSniffed = false;
  #gunzip: Gunzip | null = null;
  #gunzipEnded: Promise<void> | null = null;
  #inflatedBytes = 0;
  #problem: string | null = null;
  #isEnded = false;

  /** `deleted` gets absolute paths as Latin-1 of their bytes. */
  constructor(deleted: (path: string, saidBy: 'whiteout' | 'opaque-folder') => void) {
    this.#deleted = deleted;
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#isEnded) return;
    if (this.#isSniffed) {
      await this.#pass(bytes);
      return;
    }
    this.#head = Buffer.concat([this.#head, bytes]);
    if (this.#head.length >= SNIFF_BYTES) await this.#sniff();
  }

  /** Why the layer could not be read to its end; `null` = it was. */
  async end(): Promise<string | null> {
    if (this.#isEnded) return this.#problem;
    this.#isEnded = true;
    if (!this.#isSniffed) await this.#sniff();
    if (this.#gunzip !== null) {
      this.#gunzip.end();
      await this.#gunzipEnded;
    }
    if (this.#problem === null) this.#read(() => this.#reader.end());
    return this.#problem;
  }

  async #sniff(): Promise<void> {
    this.#isSniffed = true;
    if (this.#head.subarray(0, 2).equals(GZIP)) this.#startGunzip();
    if (this.#head.subarray(0, 4).equals(ZSTD)) this.#problem = 'layer-is-zstd';
    await this.#pass(this.#head);
    this.#head = Buffer.alloc(0);
  }

  #startGunzip(): void {
    const gunzip = createGunzip();
    this.#gunzip = gunzip;
    this.#gunzipEnded = new Promise((resolve) => {
      gunzip.once('close', resolve);
    });
    gunzip.on('error', () => {
      this.#problem ??= 'layer-gzip-broken';
    });
    gunzip.on('data', (bytes: Buffer) => {
      this.#inflatedBytes += bytes.length;
      if (this.#inflatedBytes > MAX_INFLATED_BYTES) this.#problem ??= 'layer-too-large';
      else this.#parse(bytes);
      if (this.#problem !== null) gunzip.destroy();
    });
  }

  async #pass(bytes: Buffer): Promise<void> {
    if (this.#problem !== null || bytes.length === 0) return;
    const gunzip = this.#gunzip;
    if (gunzip === null) this.#parse(bytes);
    // The chunk belongs to the caller, and inflating takes its time.
    else if (!gunzip.destroyed && !gunzip.write(Buffer.from(bytes)))
      await Promise.race([once(gunzip, 'drain').catch(() => undefined), this.#gunzipEnded]);
  }

  #parse(bytes: Buffer): void {
    this.#read(() => {
      for (const event of this.#reader.feed(bytes)) if (event.kind === 'entry') this.#name(event.entry.name);
    });
  }

  #read(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      this.#problem ??= 'layer-not-a-tar';
    }
  }

  #name(name: Buffer): void {
    const path = `/${name
      .toString('latin1')
      .replace(/^(?:\.?\/)+/, '')
      .replace(/\/+$/, '')}`;
    const slash = path.lastIndexOf('/');
    const last = path.slice(slash + 1);
    if (last === OPAQUE) this.#deleted(path.slice(0, slash) || '/', 'opaque-folder');
    else if (last.startsWith(WHITEOUT) && !last.startsWith('.wh..wh.'))
      this.#deleted(`${path.slice(0, slash)}/${last.slice(WHITEOUT.length)}`, 'whiteout');
  }
}
