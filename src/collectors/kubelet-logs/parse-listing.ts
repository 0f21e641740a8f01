/** Bytes of a listing that are read; a folder with more entries than fit is `partial`. */
export const MAX_LISTING_BYTES = 16 * 1024 * 1024;
const MAX_NAME_BYTES = 255;

/** One entry of a folder. A name is bytes: the node's file system knows no encoding. */
export interface ListingEntry {
  readonly name: Buffer;
  readonly isFolder: boolean;
}

export interface Listing {
  readonly entries: readonly ListingEntry[];
  /** What the listing names but nobody must ask for: `..`, a slash inside, NUL, too long. Escaped hrefs as received. */
  readonly refused: readonly string[];
}

const PREAMBLE = /^(?:<!doctype html>\n)?(?:<meta name="viewport" content="width=device-width">\n)?<pre>\n/i;
const ENTRY = /<a href="([!#-;=?-~]{1,800})">[^<>]*<\/a>\n/y;
const END = /<\/pre>\n?$/y;

/** Percent-escapes as bytes; `null` when one is malformed. */
function decodeHref(href: string): Buffer | null {
  const bytes: number[] = [];
  for (let at = 0; at < href.length; at += 1) {
    if (href[at] !== '%') {
      bytes.push(href.charCodeAt(at));
      continue;
    }
    const hex = href.slice(at + 1, at + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) return null;
    bytes.push(Number.parseInt(hex, 16));
    at += 2;
  }
  return Buffer.from(bytes);
}

function entryOf(href: string): ListingEntry | null {
  // Go writes `./a:b` where a colon would make `a` look like a scheme.
  const relative = href.startsWith('./') ? href.slice(2) : href;
  const isFolder = relative.endsWith('/');
  const name = decodeHref(isFolder ? relative.slice(0, -1) : relative);
  if (name === null || name.length === 0 || name.length > MAX_NAME_BYTES) return null;
  const asText = name.toString('latin1');
  if (asText === '.' || asText === '..' || asText.includes('/') || asText.includes('\0')) return null;
  // A query or a fragment would make us ask for something else than the name.
  if (/[?#]/.test(relative)) return null;
  return { name, isFolder };
}

/**
 * The listing of a folder as Go's file server writes it (net/http/fs.go, dirList), strictly: `null` for any other page, such as an
 * `index.html` that somebody put there to hide the listing. At most `MAX_LISTING_BYTES` are given to it. The texts of the links are
 * ignored; the hrefs are the names byte for byte.
 */
export function parseListing(body: Buffer): Listing | null {
  const page = body.toString('latin1');
  const preamble = PREAMBLE.exec(page);
  if (preamble === null) return null;
  const entries: ListingEntry[] = [];
  const refused: string[] = [];
  let at = preamble[0].length;
  for (;;) {
    ENTRY.lastIndex = at;
    const match = ENTRY.exec(page);
    if (match === null) break;
    at = ENTRY.lastIndex;
    const entry = entryOf(match[1] ?? '');
    if (entry === null) refused.push(match[1] ?? '');
    else entries.push(entry);
  }
  END.lastIndex = at;
  return END.test(page) ? { entries, refused } : null;
}
