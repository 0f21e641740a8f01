import {
  GUIDE,
  kindOfFile,
  MAX_HELD_BYTES,
  MAX_SEAL_FILE_BYTES,
  REQUIRED_TAG_FILES,
  STATEMENT,
  TAGMANIFEST,
  TOOL,
} from './bag-layout.js';
import { joined, textOf, type Bytes } from '../../lib/bytes.js';
import type { Findings } from './findings.js';
import type { TagConsumer } from './record-lines.js';
import { Sha256 } from './sha256.js';
import type { EntrySink } from './ustar-reader.js';

/** Tag files whose bytes are kept until the end; all of `seal/` is too. */
const HELD = new Set<string>(['bagit.txt', 'bag-info.txt', GUIDE, STATEMENT, TAGMANIFEST, TOOL]);

/** Every file that is no payload: its hash, and its bytes where they are needed at the end. */
export class TagFiles {
  readonly #findings: Findings;
  readonly #sha256 = new Map<string, string>();
  readonly #held = new Map<string, Bytes>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Takes the next file; `consumer` sees its bytes as well. */
  sinkFor(path: string, sizeBytes: number, consumer: TagConsumer | null): EntrySink {
    const kind = kindOfFile(path);
    if (kind === null) this.#add('closure', path, ['only files of exhibit/1', 'another file']);
    const pieces = this.#piecesFor(path, sizeBytes);
    const hash = new Sha256();
    return (bytes, isLast) => {
      hash.update(bytes);
      pieces?.push(bytes.slice());
      consumer?.write(bytes);
      if (!isLast) return;
      consumer?.end();
      if (kind !== null) this.#sha256.set(path, hash.hex());
      if (pieces !== null) this.#held.set(path, joined(pieces));
    };
  }

  /** Bytes of a held file; `null` when it is not in the archive, or too large. */
  held(path: string): Bytes | null {
    return this.#held.get(path) ?? null;
  }

  /** Those bytes as text, one character each. */
  heldText(path: string): string | null {
    const bytes = this.held(path);
    return bytes === null ? null : textOf(bytes);
  }

  sha256Of(path: string): string | null {
    return this.#sha256.get(path) ?? null;
  }

  /** Whether there is anything under seal/. */
  get hasSeal(): boolean {
    return [...this.#sha256.keys()].some((path) => path.startsWith('seal/'));
  }

  /** After the last file: the required ones are there, tokens come in pairs, and tagmanifest-sha256.txt lists exactly what it must. */
  check(): void {
    for (const path of REQUIRED_TAG_FILES)
      if (!this.#sha256.has(path)) this.#add('closure', path, ['the file', 'none']);
    for (const path of this.#sha256.keys()) {
      if (!path.startsWith('custody/') || !/\.ts[qr]$/.test(path)) continue;
      const other = path.slice(0, -1) + (path.endsWith('q') ? 'r' : 'q');
      if (!this.#sha256.has(other)) this.#add('closure', other, [`the other half of ${path}`, 'none']);
    }
    const text = this.heldText(TAGMANIFEST);
    if (text !== null) this.#compare(text);
  }

  /** Where to keep the bytes of a file, if they are. */
  #piecesFor(path: string, sizeBytes: number): Uint8Array[] | null {
    const isSeal = kindOfFile(path) === 'seal';
    if (!isSeal && !HELD.has(path)) return null;
    const maxBytes = isSeal ? MAX_SEAL_FILE_BYTES : MAX_HELD_BYTES;
    if (sizeBytes <= maxBytes) return [];
    this.#add('grammar', path, [`at most ${String(maxBytes)} bytes`, String(sizeBytes)]);
    return null;
  }

  #compare(text: string): void {
    const missing = new Map([...this.#sha256].filter(([path]) => path !== TAGMANIFEST && !path.startsWith('seal/')));
    let previous = '';
    const lines = text.split('\n');
    if (lines.pop() !== '') this.#bad('a last line without LF');
    for (const line of lines) {
      const path = line.slice(66);
      if (!/^[0-9a-f]{64} {2}[\x21-\x7e]+$/.test(line) || path <= previous) this.#bad(line);
      else this.#compareLine(path, line.slice(0, 64), missing);
      previous = path;
    }
    for (const path of missing.keys()) this.#add('closure', path, [`a line in ${TAGMANIFEST}`, 'none']);
  }

  #compareLine(path: string, sha256: string, missing: Map<string, string>): void {
    const found = missing.get(path);
    missing.delete(path);
    if (found === undefined) this.#add('closure', path, [`the file that ${TAGMANIFEST} lists`, 'no such file']);
    else if (found !== sha256) this.#add('hashes', path, [sha256, found]);
  }

  #bad(found: string): void {
    this.#add('grammar', TAGMANIFEST, ['sorted lines of <sha256>, two spaces, <path>', found]);
  }

  #add(
    check: 'closure' | 'grammar' | 'hashes',
    path: string,
    [expected, found]: readonly [expected: string, found: string],
  ): void {
    this.#findings.add(check, { path, expected, found });
  }
}
