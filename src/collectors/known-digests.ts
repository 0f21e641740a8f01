import type { NodeAccess } from '../ports/node-access.js';

/** What tells the content of a file apart while nobody can set a clock back: a change of it changes `ctimeNs`. */
export interface FileIdentity {
  /** Decimal. */
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** Files that are remembered; more are hashed again. */
const MAX_FILES = 100_000;

interface Known {
  readonly rest: string;
  readonly sha256: string;
}

const restOf = ({ sizeBytes, mtimeNs, ctimeNs }: FileIdentity): string =>
  `${String(sizeBytes)} ${String(mtimeNs)} ${String(ctimeNs)}`;
const keyOf = ({ device, inode }: FileIdentity): string => `${device} ${inode}`;

/** SHA-256 of files of one node that a collector of this run made on it, for the others: nothing is read twice for the same number. */
export class KnownDigests {
  /** Payload file that the digests stand in; `null` = none yet. */
  source: string | null = null;
  readonly #files = new Map<string, Known>();
  #making: Promise<void> = Promise.resolve();

  /** Until what it returns is called, those who want to know wait. */
  begin(): () => void {
    let done = (): void => undefined;
    this.#making = new Promise((resolve) => {
      done = resolve;
    });
    return done;
  }

  add(file: FileIdentity, sha256: string): void {
    if (this.#files.size < MAX_FILES) this.#files.set(keyOf(file), { rest: restOf(file), sha256 });
  }

  /** When nobody makes any more of them. */
  async settled(): Promise<void> {
    await this.#making;
  }

  /** `null` = not made in this run, or of another state of the file, or the payload file did not come to be. */
  of(file: FileIdentity): string | null {
    const known = this.source === null ? undefined : this.#files.get(keyOf(file));
    return known?.rest === restOf(file) ? known.sha256 : null;
  }
}

const byAccess = new WeakMap<NodeAccess, KnownDigests>();

/** Of one way to a node; ends with it. */
export function knownDigestsOf(access: NodeAccess): KnownDigests {
  const known = byAccess.get(access) ?? new KnownDigests();
  byAccess.set(access, known);
  return known;
}
