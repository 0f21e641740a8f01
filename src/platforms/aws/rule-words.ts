import type { IpPermission } from '@aws-sdk/client-ec2';
import { isIP } from 'node:net';

/** Of every protocol, port and address. */
export const ALL_V4 = 'all all 0.0.0.0/0';
export const ALL_V6 = 'all all ::/0';

const WORDS =
  /^(all|[a-z0-9]{1,10}) (all|-?\d{1,5}(?:-(?:-?\d{1,5}))?) ([0-9a-fA-F.:/]{3,49}|sg-[0-9a-f]{8,17}|pl-[0-9a-f]{8,17})$/;

/** Rules of a security group in words, `PROTOCOL PORT(S) WHOM` each: `tcp 443 10.0.0.0/16`, `all all sg-0abc`. Sorted, no two the same. */
export function ruleWords(permissions: readonly IpPermission[] | undefined): string[] {
  const words = (permissions ?? []).flatMap((permission) => {
    const what = `${protocolWord(permission.IpProtocol)} ${portWord(permission)}`;
    return partners(permission).map((whom) => canonicalRule(`${what} ${whom}`));
  });
  return [...new Set(words)].sort();
}

/** One spelling of a rule, whoever wrote it: addresses of v6 are in lower case and short, as EC2 tells them. */
export function canonicalRule(words: string): string {
  const [, before, address, length] = /^(.* )([0-9a-f:.]*:[0-9a-f:.]*)\/(\d{1,3})$/i.exec(words) ?? [];
  if (before === undefined || address === undefined || length === undefined || isIP(address) !== 6) return words;
  return `${before}${new URL(`http://[${address}]`).hostname.slice(1, -1)}/${length}`;
}

function protocolWord(protocol: string | undefined): string {
  return protocol === undefined || protocol === '-1' ? 'all' : protocol;
}

function portWord({ IpProtocol: protocol, FromPort: from, ToPort: to }: IpPermission): string {
  if (protocol === undefined || protocol === '-1' || from === undefined || to === undefined) return 'all';
  return from === to ? String(from) : `${String(from)}-${String(to)}`;
}

function partners({ IpRanges, Ipv6Ranges, UserIdGroupPairs, PrefixListIds }: IpPermission): string[] {
  return [
    ...(IpRanges ?? []).map(({ CidrIp: network }) => network),
    ...(Ipv6Ranges ?? []).map(({ CidrIpv6: network }) => network),
    ...(UserIdGroupPairs ?? []).map(({ GroupId: id }) => id),
    ...(PrefixListIds ?? []).map(({ PrefixListId: id }) => id),
  ].filter((one): one is string => one !== undefined && one !== '');
}

/** The rule that words stand for; `null` = they stand for none. */
export function parseRule(words: string): IpPermission | null {
  const [, protocol, ports, whom] = WORDS.exec(words) ?? [];
  if (protocol === undefined || ports === undefined || whom === undefined) return null;
  const partner = partnerOf(whom);
  if (partner === null) return null;
  if (ports === 'all') return { IpProtocol: protocol === 'all' ? '-1' : protocol, ...partner };
  const [, from, to] = /^(-?\d+)(?:-(-?\d+))?$/.exec(ports) ?? [];
  if (protocol === 'all' || from === undefined) return null;
  return { IpProtocol: protocol, FromPort: Number(from), ToPort: Number(to ?? from), ...partner };
}

function partnerOf(whom: string): IpPermission | null {
  if (whom.startsWith('sg-')) return { UserIdGroupPairs: [{ GroupId: whom }] };
  if (whom.startsWith('pl-')) return { PrefixListIds: [{ PrefixListId: whom }] };
  if (!whom.includes('/')) return null;
  return whom.includes(':') ? { Ipv6Ranges: [{ CidrIpv6: whom }] } : { IpRanges: [{ CidrIp: whom }] };
}
