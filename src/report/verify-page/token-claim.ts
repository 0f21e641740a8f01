import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { textOf, type Bytes } from './bytes.js';
import { Sha256 } from './sha256.js';

const [INTEGER, OCTET_STRING, GENERALIZED_TIME] = [0x02, 0x04, 0x18] as const;

/** What a time-stamp token says, unchecked: nobody looked at its signature. */
export interface TokenClaim {
  /** RFC 3339 UTC; `null` when it could not be read. */
  readonly genTime: string | null;
}

/** Digests that an imprint may have; without WebCrypto only the first. */
async function digestsOf(stamped: Bytes): Promise<Uint8Array[]> {
  const digests: Uint8Array[] = [new Sha256().update(stamped).digest()];
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
  if (subtle === undefined) return digests;
  for (const name of ['SHA-384', 'SHA-512']) digests.push(new Uint8Array(await subtle.digest(name, stamped)));
  return digests;
}

/** Where an OCTET STRING with these bytes ends; -1 when there is none. */
function endOfOctets(reply: Uint8Array, octets: Uint8Array): number {
  for (let at = reply.indexOf(OCTET_STRING); at !== -1; at = reply.indexOf(OCTET_STRING, at + 1)) {
    const end = at + 2 + octets.length;
    if (reply[at + 1] === octets.length && octets.every((byte, index) => reply[at + 2 + index] === byte)) return end;
  }
  return -1;
}

/** In TSTInfo the imprint is followed by the serial number and the time. */
function timeAfter(reply: Uint8Array, imprintEnd: number): string | null {
  if (reply[imprintEnd] !== INTEGER) return null;
  const at = imprintEnd + 2 + (reply[imprintEnd + 1] ?? 0);
  if (reply[at] !== GENERALIZED_TIME) return null;
  const text = textOf(reply.subarray(at + 2, at + 2 + (reply[at + 1] ?? 0)));
  const form = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d(?:\.\d+)?)Z$/;
  const atMs = form.test(text) ? parseInstant(text.replace(form, '$1-$2-$3T$4:$5:$6Z')) : null;
  return atMs === null ? null : toRfc3339(atMs);
}

/** What the answer of a time-stamping authority says of `stamped`; `null` when it is not about these bytes at all. */
export async function readTokenClaim(reply: Bytes, stamped: Bytes): Promise<TokenClaim | null> {
  for (const digest of await digestsOf(stamped)) {
    const end = endOfOctets(reply, digest);
    if (end !== -1) return { genTime: timeAfter(reply, end) };
  }
  return null;
}
