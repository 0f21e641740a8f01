import type { FileVerdict } from './judge-executable.js';

/** Whose an entry of a writable layer is, by two databases. */
export interface EntryPackages {
  /** By the database of the image: which package has such a file, and whether the content here is the package's. */
  readonly image: FileVerdict;
  /** By what the container wrote into such a database, which is its own word; `null` = nothing of this file. A version that it does not say is the image's. */
  readonly own: FileVerdict | null;
}
