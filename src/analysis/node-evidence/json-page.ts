import { arrayAt, parseJson } from '../../lib/untyped.js';
import type { ByteTaker } from './byte-taker.js';

/** A page of a list as the API server gave it; ours are of 500 objects. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

/** Hands out the objects of one page of a list. A page that is too large or no JSON goes to `unread`. */
export function jsonPage(take: (object: unknown) => void, unread: () => void): ByteTaker {
  const pieces: Buffer[] = [];
  let held = 0;
  return {
    write: (bytes) => {
      held += bytes.length;
      if (held <= MAX_PAGE_BYTES) pieces.push(Buffer.from(bytes));
    },
    end: () => {
      const page = held <= MAX_PAGE_BYTES ? parseJson(Buffer.concat(pieces)) : undefined;
      pieces.length = 0;
      if (page === undefined) unread();
      else for (const object of arrayAt(page, 'items')) take(object);
    },
  };
}
