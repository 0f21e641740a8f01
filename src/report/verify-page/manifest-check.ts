import { MANIFEST } from './bag-layout.js';
import { textOf } from '../../lib/bytes.js';
import type { Findings } from './findings.js';
import { LineSplitter } from './line-splitter.js';
import type { PayloadComparison, PayloadTable } from './payload-table.js';
import type { TagConsumer } from './record-lines.js';

const MANIFEST_LINE = /^[0-9a-f]{64} {2}[\x21-\x7e]+\n$/;
const PATH_AT = 66;
/** Longest line: hash, two spaces, a path that ustar can hold, LF. */
const MAX_LINE_BYTES = PATH_AT + 256;

/** Compares manifest-sha256.txt with the payload that passed by before it: exactly its files, sorted, with their hashes. */
export class ManifestCheck implements TagConsumer {
  readonly #findings: Findings;
  readonly #comparison: PayloadComparison;
  readonly #splitter: LineSplitter;
  #previous = '';
  #isUsable = true;

  constructor(payload: PayloadTable, findings: Findings) {
    this.#findings = findings;
    this.#comparison = payload.compare((path, what) => {
      const [expected, found] =
        what === 'not-listed'
          ? ['a line in the manifest', 'none']
          : ['the payload file that the manifest lists', 'no such file'];
      findings.add('closure', { path, expected, found });
    });
    this.#splitter = new LineSplitter(MAX_LINE_BYTES, (line) => {
      this.#line(textOf(line));
    });
  }

  write(bytes: Uint8Array): void {
    if (!this.#isUsable || this.#splitter.write(bytes)) return;
    this.#isUsable = false;
    this.#bad('a longer line');
  }

  end(): void {
    if (!this.#splitter.isWhole) this.#bad('a last line without LF');
    this.#comparison.end();
  }

  #line(line: string): void {
    const path = line.slice(PATH_AT, -1);
    if (!MANIFEST_LINE.test(line)) this.#bad(line);
    else if (path <= this.#previous)
      this.#findings.add('grammar', { path: MANIFEST, expected: `a path after ${this.#previous}`, found: path });
    else this.#compare(path, line.slice(0, 64));
  }

  #compare(path: string, sha256: string): void {
    this.#previous = path;
    const file = this.#comparison.match(path);
    if (file !== null && file.sha256 !== sha256)
      this.#findings.add('hashes', { path, expected: sha256, found: file.sha256 });
  }

  #bad(found: string): void {
    this.#findings.add('grammar', { path: MANIFEST, expected: '<sha256>, two spaces, <path>, LF', found });
  }
}
