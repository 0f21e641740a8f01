import { createHash } from 'node:crypto';
import {
  GUIDE,
  kindOfFile,
  MAX_HELD_BYTES,
  MAX_SEAL_FILE_BYTES,
  REQUIRED_TAG_FILES,
  STATEMENT,
  TAGMANIFEST,
  TOOL,
} from '../bag-layout.js';
import type { EntrySink } from '../ustar-reader.js';
import type { Findings } from './findings.js';
import type { TagConsumer } from './record-lines.js';

/** Tag files whose bytes are kept until the end; all of `seal/` is too. */
const HELD = new Set<string>(['bagit.txt', 'bag-info.txt', GUIDE, STATEMENT, TAGMANIFEST, TOOL]);

/** Every file that is no payload: its hash, and its bytes where they are needed at the end. */
export class TagFiles {
  readonly #findings: Findings;
  readonly #sha256 = new Map<string, string>();
  readonly #held = new Map<string, Buffer>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Takes the next file; `consumer` sees its bytes as well. */
  sinkFor(path: string, sizeBytes: number, consumer: TagConsumer | null): EntrySink {
    const kind = kindOfFile(path);
    const maxHeld = kind === 'seal' ? MAX_SEAL_FILE_BYTES : MAX_HELD_BYTES;
    const isHeld = kind === 'seal' || HELD.has(path);
    const pieces: Buffer[] | null = isHeld && sizeBytes <= maxHeld ? [] : null;
    if (kind === null)
      this.#findings.add('closure', { path, expected: 'only files of exhibit/1', found: 'another file' });
    if (isHeld && pieces === null)
      this.#findings.add('grammar', { path, expected: `at most ${String(maxHeld)} bytes`, found: String(sizeBytes) });
    const hash = createHash('sha256');
    return (bytes, isLast) => {
      hash.update(bytes);
      pieces?.push(Buffer.from(bytes));
      consumer?.write(bytes);
      if (!isLast) return;
      consumer?.end();
      if (kind !== null) this.#sha256.set(path, hash.digest('hex'));
      if (pieces !== null) this.#held.set(path, Buffer.concat(pieces));
    };
  }

  /** Bytes of a held file; `null` when it is not in the archive, or too large. */
  held(path: string): Buffer | null {
    return this.#held.get(path) ?? null;
  }

  sha256Of(path: string): string | null {
    return this.#sha256.get(path) ?? null;
  }

  /** Paths under seal/. */
  sealPaths(): string[] {
    return [...this.#sha256.keys()].filter((path) => path.startsWith('seal/'));
  }

  /** After the last file: the required ones are there, tokens come in pairs, and tagmanifest-sha256.txt lists exactly what it must. */
  check(): void {
    for (const path of REQUIRED_TAG_FILES) {
      if (!this.#sha256.has(path)) this.#findings.add('closure', { path, expected: 'the file', found: 'none' });
    }
    for (const path of this.#sha256.keys()) {
      if (!path.startsWith('custody/') || !/\.ts[qr]$/.test(path)) continue;
      const other = path.slice(0, -1) + (path.endsWith('q') ? 'r' : 'q');
      if (!this.#sha256.has(other))
        this.#findings.add('closure', { path: other, expected: `the other half of ${path}`, found: 'none' });
    }
    const text = this.held(TAGMANIFEST)?.toString('latin1');
    if (text !== undefined) this.#compare(text);
  }

  #compare(text: string): void {
    const expected = [...this.#sha256].filter(([path]) => path !== TAGMANIFEST && !path.startsWith('seal/'));
    const missing = new Map(expected);
    let previous = '';
    const lines = text.split('\n');
    if (lines.pop() !== '') this.#bad('a last line without LF');
    for (const line of lines) {
      const path = line.slice(66);
      if (!/^[0-9a-f]{64} {2}[\x21-\x7e]+$/.test(line) || path <= previous) this.#bad(line);
      else this.#compareLine(path, line.slice(0, 64), missing);
      previous = path;
    }
    for (const path of missing.keys()) {
      this.#findings.add('closure', { path, expected: `a line in ${TAGMANIFEST}`, found: 'none' });
    }
  }

  #compareLine(path: string, sha256: string, missing: Map<string, string>): void {
    const found = missing.get(path);
    missing.delete(path);
    if (found === undefined)
      this.#findings.add('closure', { path, expected: `the file that ${TAGMANIFEST} lists`, found: 'no such file' });
    else if (found !== sha256) this.#findings.add('hashes', { path, expected: sha256, found });
  }

  #bad(found: string): void {
    this.#findings.add('grammar', {
      path: TAGMANIFEST,
      expected: 'sorted lines of <sha256>, two spaces, <path>',
      found,
    });
  }
}
