/** Bytes in memory of their own, as the browser's interfaces want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

// Maps ASCII to itself and nothing else to ASCII. Never UTF-8, which would drop a mark at the beginning and join bytes.
const DECODER = new TextDecoder('windows-1252');
const ENCODER = new TextEncoder();

const PIECE_BYTES = 8192;

/** One character per byte, of the same number: Latin-1. */
export function textOf(bytes: Uint8Array): string {
  const text = DECODER.decode(bytes);
  // Browsers and Node.js from 22 on give some bytes from 0x80 to 0x9f other characters; Node.js 20 does not.
  return /[\u0100-\uffff]/.test(text) ? characterByCharacter(bytes) : text;
}

function characterByCharacter(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES));
  return text;
}

/** UTF-8. */
export function bytesOf(text: string): Bytes {
  return ENCODER.encode(text);
}

export function joined(pieces: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Of lowercase hexadecimal. */
export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function areSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

export function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** `null` when the text, line feeds aside, is no base64. */
export function fromBase64(text: string): Bytes | null {
  try {
    return Uint8Array.from(atob(text.replaceAll('\n', '')), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
