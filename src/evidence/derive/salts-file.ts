import { existsSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { ExhibitError } from '../../model/errors.js';
import type { RedactionSalt } from '../../model/redaction.js';
import { removeFile, syncDirectory } from '../private-files.js';
import { ScratchFile } from '../scratch-file.js';

/** What the last line says: to which two archives the salts belong. */
export interface SaltsFooter {
  readonly parent: { readonly exhibitId: string; readonly tagmanifestSha256: string };
  readonly copy: { readonly exhibitId: string; readonly tagmanifestSha256: string; readonly containerSha256: string };
}

/** `<copy>.redactions.jsonl` beside the parent: mode 0600, and never given away, because a salt opens its commitment. */
export function saltsPathOf(parentPath: string, copyId: string): string {
  return join(dirname(parentPath), `${copyId}.of-${basename(parentPath).replace(/\.tar\.gz$/, '')}.redactions.jsonl`);
}

/** The salts of a copy, one line a redaction, written while the copy is made. It has its name only when the copy is sealed. */
export class SaltsFile {
  readonly path: string;
  readonly #partial: string;
  readonly #file: ScratchFile;

  /** Throws `STORAGE_FAILED` when the folder of the parent cannot be written, or the file is there already. */
  constructor(path: string) {
    this.path = path;
    this.#partial = `${path}.partial`;
    if (existsSync(path))
      throw new ExhibitError('STORAGE_FAILED', 'the salts of such a copy are there already', { subject: path });
    this.#file = new ScratchFile(this.#partial);
  }

  add(salt: RedactionSalt): void {
    this.#file.write(`${asciiJson(salt)}\n`);
  }

  /** Before the copy is sealed: a copy whose redactions cannot be proven must not come into being. */
  async sync(): Promise<void> {
    this.#file.close();
    await this.#append('');
  }

  async finish(footer: SaltsFooter): Promise<void> {
    await this.#append(`${asciiJson({ format: 'exhibit-redactions/1', ...footer })}\n`);
    try {
      renameSync(this.#partial, this.path);
    } catch (error) {
      throw storageError(error, this.path);
    }
    await syncDirectory(dirname(this.path));
  }

  async discard(): Promise<void> {
    this.#file.close();
    await removeFile(this.#partial);
  }

  async #append(text: string): Promise<void> {
    try {
      const handle = await open(this.#partial, 'a', 0o600);
      try {
        await handle.writeFile(text, 'latin1');
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw storageError(error, this.#partial);
    }
  }
}
