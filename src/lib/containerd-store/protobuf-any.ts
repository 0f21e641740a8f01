const MAX_VARINT_BYTES = 8;

/** An unsigned varint and where it ends; `null` when it is cut or above 2^53. */
export function readUvarint(bytes: Buffer, offset = 0): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
    const byte = bytes[offset + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return Number.isSafeInteger(value) ? { value, end: offset + index + 1 } : null;
  }
  return null;
}

/** A `google.protobuf.Any`: field 1 is the type's URL, field 2 the value. `null` when the bytes are none. */
export function parseAny(bytes: Buffer): { readonly typeUrl: string; readonly value: Buffer } | null {
  let typeUrl = '';
  let value: Buffer = Buffer.alloc(0);
  for (let at = 0; at < bytes.length;) {
    const tag = readUvarint(bytes, at);
    const length = tag === null || (tag.value & 7) !== 2 ? null : readUvarint(bytes, tag.end);
    if (tag === null || length === null || length.end + length.value > bytes.length) return null;
    const field = bytes.subarray(length.end, length.end + length.value);
    if (tag.value >> 3 === 1) typeUrl = field.toString('utf8');
    if (tag.value >> 3 === 2) value = field;
    at = length.end + length.value;
  }
  return { typeUrl, value };
}
