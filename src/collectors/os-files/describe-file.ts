import { rawText } from '../raw-text.js';
import type { ListedFile } from './listed-file.js';
import type { LeftOut } from './select-content.js';
import type { FileContent } from './taken-content.js';

export interface FileStory {
  readonly content: FileContent | undefined;
  readonly leftOut: LeftOut | undefined;
  readonly wasAsked: boolean;
  /** Between the two listings; `null` = not known. */
  readonly changed: boolean | null;
}

function whatBecame({ content, leftOut, wasAsked }: FileStory): string {
  if (content?.isExported !== undefined) return content.isExported ? 'exported' : 'not-readable';
  if (content !== undefined) return content.readBytes === undefined ? 'hashed' : 'taken';
  if (leftOut !== undefined) return leftOut;
  return wasAsked ? 'not-readable' : 'listed';
}

/** One line of a derived listing: the file as it was before anything was opened, and what reading it brought. Times in nanoseconds. */
export function describeFile(file: ListedFile, story: FileStory): object {
  const { path, linkTarget, atimeNs, ctimeNs, mtimeNs, btimeNs, ...facts } = file;
  const { readBytes, isExported: _, ...content } = story.content ?? {};
  return {
    path: rawText(Buffer.from(path, 'latin1'), 8192),
    ...facts,
    atimeNs: atimeNs?.toString() ?? null,
    mtimeNs: mtimeNs?.toString() ?? null,
    ctimeNs: ctimeNs?.toString() ?? null,
    btimeNs: btimeNs?.toString() ?? null,
    ...(file.type === 'link' ? { linkTarget: rawText(Buffer.from(linkTarget, 'latin1')) } : {}),
    content: whatBecame(story),
    changedWhileRead: story.changed,
    ...(readBytes === undefined ? {} : { readBytes }),
    ...content,
  };
}
