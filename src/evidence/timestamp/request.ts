import { randomBytes } from 'node:crypto';
import { renderRequest as render } from '../../lib/time-stamp/reply-envelope.js';

const NONCE_BYTES = 8;

/** Content of the INTEGER: 63 random bits under a set one, so a positive number of 64 bits whose length never varies. */
export function newNonce(): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  nonce[0] = (nonce[0] ?? 0) | 0x80;
  return Buffer.concat([Buffer.of(0), nonce]);
}

/** The one `TimeStampReq` of an imprint and a nonce, as it is sent and stored. */
export function renderRequest(imprint: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(render(imprint, nonce));
}
