import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const INLINE_BYTES = 1024;

function slug(name) {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(-60)
    .replace(/^-/, '');
}

/** Bodies as they came: short text in scenario.json itself, the rest in a file each; equal bodies share one. */
export class BodyStore {
  sizeBytes = 0;
  shortened = [];
  #folder;
  #files = new Map();

  constructor(folder, { maxLogBytes, maxNodeFileBytes }) {
    this.#folder = folder;
    this.maxLogBytes = maxLogBytes;
    this.maxNodeFileBytes = maxNodeFileBytes;
  }

  /** `{text}` or `{file}`. */
  keep(name, body) {
    const text = body.toString('utf8');
    if (body.length <= INLINE_BYTES && Buffer.from(text, 'utf8').equals(body)) return { text };
    const digest = createHash('sha256').update(body).digest('hex').slice(0, 8);
    const known = this.#files.get(digest);
    if (known !== undefined) return { file: known };
    const file = `bodies/${slug(name)}.${digest}`;
    this.#write(file, body);
    this.#files.set(digest, file);
    return { file };
  }

  /** A file under a name of its own. */
  write(file, body) {
    this.#write(file, body);
    return file;
  }

  /** A log, cut after its last whole line within the limit when it is longer. */
  keepLog(name, answer) {
    if (!answer.cut) return this.keep(name, answer.body);
    const body = answer.body.subarray(0, answer.body.lastIndexOf(0x0a) + 1);
    this.shortened.push({ what: name, toBytes: body.length });
    return this.keep(name, body);
  }

  #write(file, body) {
    const target = path.join(this.#folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, body);
    this.sizeBytes += body.length;
  }
}
