import { ExhibitError } from '../../../model/errors.js';

/** A place that the operator names; probes lead nowhere else but to listeners of ours. */
export interface ProbeDestination {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  /** It is expected to stay reachable. */
  readonly mayPass: boolean;
}

/** `10.0.0.5:443`, `[fd00::5]:443`. A name would be resolved by whoever is asked, so that nobody knew what was probed. Throws `USAGE_INVALID`. */
export function parseProbe(text: string, mayPass: boolean): ProbeDestination {
  const [, six, four, port = ''] = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15})):(\d{1,5})$/.exec(text) ?? [];
  const address = six ?? four ?? '';
  const family = addressHex(address)?.family;
  const number = Number(port);
  if (family === (six === undefined ? 4 : 6) && number > 0 && number <= 65_535)
    return { address, family, port: number, mayPass };
  throw new ExhibitError('USAGE_INVALID', 'this is no destination of a probe: write ADDRESS:PORT or [IPV6]:PORT', {
    subject: text,
    hints: ['exhibit quarantine pod shop/cart --node-access collector-pod --probe 10.0.0.5:443'],
    safe: 'Nothing was changed.',
  });
}

/** An address as the scripts take it; `null` for what is none. */
export function addressHex(address: string): { readonly family: 4 | 6; readonly hex: string } | null {
  const four = hexOf4(address);
  if (four !== null) return { family: 4, hex: four };
  const six = hexOf6(address);
  return six === null ? null : { family: 6, hex: six };
}

function hexOf4(address: string): string | null {
  const parts = address.split('.');
  const isAddress =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isAddress ? Buffer.from(parts.map(Number)).toString('hex') : null;
}

function groupsOf(part: string): readonly string[] {
  return part === '' ? [] : part.split(':');
}

function hexOf6(address: string): string | null {
  const [head = '', tail, ...more] = withoutDots(address).split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const missing = 8 - before.length - after.length;
  const fits = more.length === 0 && (tail === undefined ? missing === 0 : missing > 0);
  if (!fits) return null;
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return null;
  return groups.map((group) => group.padStart(4, '0').toLowerCase()).join('');
}

/** `::ffff:10.0.0.5` as groups alone. */
function withoutDots(address: string): string {
  const [, head, dotted = ''] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? [];
  const hex = hexOf4(dotted);
  return head === undefined || hex === null ? address : `${head}${hex.slice(0, 4)}:${hex.slice(4)}`;
}
