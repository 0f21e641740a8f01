import { base64Of, fromBase64, type Bytes } from '../../lib/bytes.js';
import { Sha256 } from './sha256.js';
import { WireReader } from './ssh-wire.js';

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 16_384;

/** How WebCrypto takes the key. */
export interface KeyMaterial {
  readonly algorithm: 'Ed25519' | 'ECDSA' | 'RSA';
  readonly jwk: JsonWebKey;
}

export interface SshPublicKey {
  readonly type: string;
  /** In OpenSSH's encoding; two keys are the same when these bytes are. */
  readonly blob: Bytes;
  readonly material: KeyMaterial;
  /** Of a FIDO key, e.g. `ssh:`; empty otherwise. */
  readonly application: string;
}

function base64Url(bytes: Uint8Array): string {
  return base64Of(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function ed25519(reader: WireReader): KeyMaterial {
  const x = reader.string();
  if (x.length !== 32) throw new RangeError('an ed25519 key has 32 bytes');
  return { algorithm: 'Ed25519', jwk: { kty: 'OKP', crv: 'Ed25519', x: base64Url(x) } };
}

function nistp256(reader: WireReader): KeyMaterial {
  if (reader.text() !== 'nistp256') throw new RangeError('type and curve differ');
  const point = reader.string();
  if (point.length !== 65 || point[0] !== 4) throw new RangeError('not an uncompressed point');
  const [x, y] = [base64Url(point.subarray(1, 33)), base64Url(point.subarray(33))];
  return { algorithm: 'ECDSA', jwk: { kty: 'EC', crv: 'P-256', x, y } };
}

function rsa(reader: WireReader): KeyMaterial {
  const [e, n] = [reader.positive(), reader.positive()];
  if (e.length > 4 || n.length * 8 < MIN_RSA_BITS || n.length * 8 > MAX_RSA_BITS)
    throw new RangeError('size of the RSA key');
  return { algorithm: 'RSA', jwk: { kty: 'RSA', e: base64Url(e), n: base64Url(n) } };
}

const READERS: Readonly<Record<string, (reader: WireReader) => KeyMaterial>> = {
  'ssh-ed25519': ed25519,
  'ecdsa-sha2-nistp256': nistp256,
  'ssh-rsa': rsa,
  'sk-ssh-ed25519@openssh.com': ed25519,
  'sk-ecdsa-sha2-nistp256@openssh.com': nistp256,
};

/** Untrusted bytes in OpenSSH's encoding of a public key; `null` when they are none, or of a type that is not checked here. */
export function parsePublicKeyBlob(blob: Bytes): SshPublicKey | null {
  try {
    const reader = new WireReader(blob);
    const type = reader.text();
    const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
    if (read === undefined) return null;
    const material = read(reader);
    const application = type.startsWith('sk-') ? reader.text() : '';
    reader.end();
    return { type, blob, material, application };
  } catch {
    return null;
  }
}

/** `<type> <base64>`, exactly; `null` for anything else. */
export function parsePublicKeyLine(line: string): SshPublicKey | null {
  const text = /^[a-z0-9@.-]{1,64} ([A-Za-z0-9+/]{1,8192}={0,2})$/.exec(line)?.[1];
  const blob = text === undefined ? null : fromBase64(text);
  const key = blob === null ? null : parsePublicKeyBlob(blob);
  return key !== null && renderPublicKey(key) === line ? key : null;
}

/** One line `<type> <base64>` without comment and LF. */
export function renderPublicKey({ type, blob }: SshPublicKey): string {
  return `${type} ${base64Of(blob)}`;
}

/** `SHA256:` and unpadded base64, as OpenSSH shows it. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${base64Of(new Sha256().update(blob).digest()).replace(/=+$/, '')}`;
}
