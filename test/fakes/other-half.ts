import { wirePositive, WireReader, wireString } from '../../src/evidence/ssh-wire.js';
import { armorSshsig, parseSshsig } from '../../src/evidence/sshsig.js';

const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/** The same ECDSA signature with its second number in the half that is asked for, which whoever holds no key can write as well. */
export function inHalf(armored: string, half: 'low' | 'high'): string {
  const signature = parseSshsig(armored);
  if (signature === null) throw new Error('no signature');
  const { publicKey, namespace, algorithm, raw, flags } = signature;
  const reader = new WireReader(raw);
  const [r, s] = [reader.positive(), reader.positive()];
  const value = BigInt(`0x${s.toString('hex')}`);
  const other = Buffer.from((ORDER - value).toString(16).padStart(64, '0'), 'hex');
  const isAsked = value > ORDER / 2n === (half === 'high');
  const numbers = Buffer.concat([wirePositive(r), wirePositive(isAsked ? s : other)]);
  const inner = Buffer.concat([wireString(algorithm), wireString(numbers), flags]);
  return armorSshsig({ publicKeyBlob: publicKey.blob, namespace, signature: inner });
}
