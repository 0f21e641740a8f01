import { Sha256 } from './sha256.js';

const PART_NAME = /^(.*)\.p(\d{4})$/;
/** Split files that can be interleaved with each other; more only happens in an archive that is made to exhaust us. */
const MAX_OPEN = 64;

interface OpenWhole {
  readonly hash: Sha256;
  parts: number;
  sizeBytes: number;
}

/** What the parts up to and with one of them amount to, joined. */
export interface PrefixOfWhole {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Hashes the parts of split payload files joined, while they pass by in the order of their paths. */
export class PayloadParts {
  readonly #open = new Map<string, OpenWhole>();

  /** Begins a file; `null` when its name is not that of a part that continues what passed by. */
  begin(path: string): OpenWhole | null {
    const match = PART_NAME.exec(path);
    if (match?.[1] === undefined) return null;
    const part = Number(match[2]);
    if (part === 1) {
      for (const oldest of this.#open.keys()) {
        if (this.#open.size < MAX_OPEN) break;
        this.#open.delete(oldest);
      }
      this.#open.set(match[1], { hash: new Sha256(), parts: 0, sizeBytes: 0 });
    }
    const whole = this.#open.get(match[1]);
    return whole?.parts === part - 1 ? whole : null;
  }

  end(whole: OpenWhole, sizeBytes: number): PrefixOfWhole {
    whole.parts += 1;
    whole.sizeBytes += sizeBytes;
    return { sha256: whole.hash.copy().hex(), sizeBytes: whole.sizeBytes };
  }
}
