import * as writer from '../../src/lib/time-stamp/der-writer.js';

/** DER as the product writes it, in the buffers that tests cut and compare. */
const buffered =
  <Given extends readonly unknown[]>(write: (...given: Given) => Uint8Array) =>
  (...given: Given): Buffer =>
    Buffer.from(write(...given));

export const der = buffered(writer.der);
export const oid = buffered(writer.oid);
export const sequence = buffered(writer.sequence);
export const smallInteger = buffered(writer.smallInteger);
export const NULL = Buffer.from(writer.NULL);
