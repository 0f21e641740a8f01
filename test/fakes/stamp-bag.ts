import { createHash } from 'node:crypto';
import { checkToken } from '../../src/evidence/timestamp/check-token.js';
import { renderPem } from '../../src/evidence/timestamp/pem.js';
import { newNonce, renderRequest } from '../../src/evidence/timestamp/request.js';
import type { StoredToken } from '../../src/evidence/timestamp/get-token.js';
import type { Bag } from './archive-builder.js';
import { answer, type TokenChanges, type Tsa } from './token-maker.js';

/** A token over the bytes as the seal would store it. */
export function tokenOver(stamped: Uint8Array, tsa: Tsa, changes: TokenChanges = {}): StoredToken {
  const query = renderRequest(createHash('sha256').update(stamped).digest(), newNonce());
  const checked = checkToken({ stamped, query, reply: answer(tsa, query, changes) });
  return { query, reply: checked.canonicalReply, chain: renderPem([checked.certificate, ...checked.others]) };
}

/** Puts token `number` over the first signature into the bag. */
export function stampBag(bag: Bag, tsa: Tsa, options: { number?: number; changes?: TokenChanges } = {}): Bag {
  const { number = 1, changes } = options;
  const signature = bag.files.get('seal/tagmanifest-sha256.txt.sig') ?? Buffer.alloc(0);
  const { query, reply, chain } = tokenOver(signature, tsa, changes);
  const dash = number === 1 ? '' : `-${String(number)}`;
  bag.files.set(`seal/seal${dash}.tsq`, query);
  bag.files.set(`seal/seal${dash}.tsr`, reply);
  bag.files.set(`seal/tsa-chain${dash}.pem`, Buffer.from(chain));
  return bag;
}
