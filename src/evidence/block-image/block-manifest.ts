import { z } from 'zod';
import { asciiJson, parseAsciiJson } from '../../lib/ascii-json.js';
import type { ImageForm } from '../../ports/block-source.js';

/**
 * A block manifest is text in lines: what it is of, one line for each block that the platform holds, in ascending order, and a last line
 * with the number of blocks and the digest of the whole image. Blocks without a line are zeros. Without its last line it is unfinished.
 */
const FORMAT = 'exhibit-blocks/1';

/** A block is held in memory; that of EBS has 512 KiB. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const headSchema = z.strictObject({
  format: z.literal(FORMAT),
  source: z.string().min(1).max(300),
  sizeBytes: z.int().min(1),
  blockBytes: z.int().min(1).max(MAX_BLOCK_BYTES),
});
const blockSchema = z.strictObject({ index: z.int().min(0), sha256: sha256Schema });
const tailSchema = z.strictObject({ blocks: z.int().min(0), imageSha256: sha256Schema });

export interface ManifestHead extends ImageForm {
  /** `aws:eu-central-1:snap-0abc` */
  readonly source: string;
}
export type ManifestBlock = z.infer<typeof blockSchema>;
type ManifestTail = z.infer<typeof tailSchema>;

/** No line is longer. */
export const MAX_MANIFEST_LINE = 4096;

export function headLine({ source, sizeBytes, blockBytes }: ManifestHead): string {
  return `${asciiJson({ format: FORMAT, source, sizeBytes, blockBytes })}\n`;
}

export function blockLine({ index, sha256 }: ManifestBlock): string {
  return `{"index":${String(index)},"sha256":"${sha256}"}\n`;
}

export function tailLine({ blocks, imageSha256 }: ManifestTail): string {
  return `${asciiJson({ blocks, imageSha256 })}\n`;
}

/** What a line without its LF says; `null` = it is none of a manifest. */
type ManifestLine =
  | { readonly kind: 'head'; readonly head: ManifestHead }
  | { readonly kind: 'block'; readonly block: ManifestBlock }
  | { readonly kind: 'tail'; readonly tail: ManifestTail };

function parseManifestLine(line: string): ManifestLine | null {
  const value = parseAsciiJson(line);
  const block = blockSchema.safeParse(value);
  if (block.success) return { kind: 'block', block: block.data };
  const tail = tailSchema.safeParse(value);
  if (tail.success) return { kind: 'tail', tail: tail.data };
  const head = headSchema.safeParse(value);
  return head.success ? { kind: 'head', head: head.data } : null;
}

/** Reads the lines of one manifest in their order; each method says what is wrong, or `null`. */
export class ManifestReader {
  head: ManifestHead | null = null;
  tail: ManifestTail | null = null;
  blocks = 0;
  #next = 0;

  /** The block of the line, `null` for head and tail; a text = why the line cannot stand there. */
  take(line: string): ManifestBlock | null | string {
    const parsed = parseManifestLine(line);
    if (parsed === null) return 'it is no line of a block manifest';
    if (this.tail !== null) return 'it follows the last line';
    if (parsed.kind === 'head') return this.#takeHead(parsed.head);
    if (this.head === null) return 'the first line is missing';
    return parsed.kind === 'tail' ? this.#takeTail(parsed.tail) : this.#takeBlock(parsed.block, this.head);
  }

  #takeHead(head: ManifestHead): string | null {
    if (this.head !== null) return 'it is a second first line';
    this.head = head;
    return null;
  }

  #takeTail(tail: ManifestTail): string | null {
    if (tail.blocks !== this.blocks)
      return `it counts ${String(tail.blocks)} blocks, and there are ${String(this.blocks)}`;
    this.tail = tail;
    return null;
  }

  #takeBlock(block: ManifestBlock, { sizeBytes, blockBytes }: ManifestHead): ManifestBlock | string {
    if (block.index < this.#next) return `block ${String(block.index)} is out of order`;
    if (block.index >= Math.ceil(sizeBytes / blockBytes)) return `block ${String(block.index)} is beyond the image`;
    this.#next = block.index + 1;
    this.blocks += 1;
    return block;
  }
}
