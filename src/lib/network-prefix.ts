const BITS = { 4: 32, 6: 128 } as const;

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const V4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
/** What may be in one; whether it is one is for the parser of URLs to say. */
const V6 = /^[0-9A-Fa-f:.]{2,45}$/;

function versionOf(address: string): 4 | 6 | null {
  if (V4.test(address)) return 4;
  return V6.test(address) && address.includes(':') && URL.canParse(`http://[${address}]`) ? 6 : null;
}

function v4Number(text: string): bigint {
  return text.split('.').reduce((number, part) => number * 256n + BigInt(part), 0n);
}

/** Groups of 16 bits; a v4 address at the end stands for two of them. */
function groupsOf(text: string): readonly bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return BigInt(`0x${part}`);
    const number = v4Number(part);
    return [number >> 16n, number & 0xffffn];
  });
}

function v6Number(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0n);
  return [...before, ...zeros, ...after].reduce((number, group) => number * 65_536n + group, 0n);
}

/** `10.0.0.0/16`, `2001:db8::/56`: whether it is a network in CIDR notation with no bit of a host set. */
export function isNetworkPrefix(text: string): boolean {
  const [address = '', length = '', ...more] = text.split('/');
  const version = versionOf(address);
  if (version === null || more.length > 0) return false;
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length)) return false;
  const hostBits = BITS[version] - Number(length);
  if (hostBits < 0) return false;
  const number = version === 4 ? v4Number(address) : v6Number(address);
  return number % 2n ** BigInt(hostBits) === 0n;
}
