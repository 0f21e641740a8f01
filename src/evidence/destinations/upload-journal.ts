import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { SyncedFile } from '../../custody/synced-file.js';
import { asciiJson, parseAsciiJson } from '../../lib/ascii-json.js';
import type { UploadBegun, UploadedPart, UploadJournal } from '../../ports/destination.js';
import { ensurePrivateDirectory, readPrivateFile, removeFile, replaceFile } from '../private-files.js';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const begunSchema = z.strictObject({
  location: z.string().min(1).max(2000),
  uploadId: z.string().min(1).max(1024),
  sha256: sha256Schema,
  sizeBytes: z.int().min(0),
  partBytes: z.int().min(1),
  lock: z.strictObject({
    retention: z.strictObject({ mode: z.enum(['governance', 'compliance']), untilAt: z.string().max(40) }).nullable(),
    legalHold: z.boolean(),
  }),
});

const partSchema = z.strictObject({
  part: z.int().min(1).max(10_000),
  sha256: sha256Schema,
  etag: z.string().min(1).max(256),
});

/**
 * One file of JSON lines for each upload: how it was begun, then its parts. A torn or strange line ends what is known, and a file that says
 * nothing whole is no upload: parts are then sent again. Never evidence.
 */
export function createUploadJournal(directory: string): UploadJournal {
  const pathOf = (location: string): string =>
    join(directory, `${createHash('sha256').update(location).digest('hex').slice(0, 32)}.jsonl`);
  return {
    load: async (location) => {
      const bytes = await readPrivateFile(pathOf(location));
      return bytes === null ? null : parseUpload(bytes.toString('latin1'), location);
    },
    begin: async (upload) => {
      ensurePrivateDirectory(directory);
      await replaceFile(pathOf(upload.location), `${asciiJson(upload)}\n`);
    },
    stored: async (location, part) => {
      const file = await SyncedFile.open(pathOf(location));
      try {
        await file.append(`${asciiJson(part)}\n`);
      } finally {
        await file.close();
      }
    },
    forget: async (location) => {
      await removeFile(pathOf(location));
    },
  };
}

function parseUpload(
  text: string,
  location: string,
): { readonly begun: UploadBegun; readonly parts: readonly UploadedPart[] } | null {
  const [first = '', ...rest] = text.split('\n').slice(0, -1);
  const begun = begunSchema.safeParse(parseAsciiJson(first));
  if (!begun.success || begun.data.location !== location) return null;
  const parts: UploadedPart[] = [];
  for (const line of rest) {
    const part = partSchema.safeParse(parseAsciiJson(line));
    if (!part.success) break;
    parts.push(part.data);
  }
  return { begun: begun.data, parts };
}
