import { BlockList, isIP } from 'node:net';

type Variables = Readonly<Record<string, string | undefined>>;

function firstSet(variables: Variables, ...names: readonly string[]): string {
  for (const name of names) {
    const value = variables[name];
    if (value !== undefined && value !== '') return value;
  }
  return '';
}

function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return contains(loopback, host);
}

function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function matchesNetwork(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return contains(list, host);
}

function splitPort(entry: string): { readonly name: string; readonly port: string | null } {
  const match = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/.exec(entry);
  const name = match?.[1] ?? entry;
  return { name: name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name, port: match?.[2] ?? null };
}

function matchesEntry(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return matchesNetwork(entry, host);
  const { name, port: wanted } = splitPort(entry);
  if (name === '' || (wanted !== null && Number(wanted) !== port)) return false;
  if (isIP(name) !== 0) return name === host;
  if (name.startsWith('*.')) return host.endsWith(name.slice(1));
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || host.endsWith(`.${name}`);
}

/**
 * Which proxy the environment names for a server, by the rules of Go's net/http (and so kubectl's): `HTTPS_PROXY`, `NO_PROXY` and their
 * lower-case forms, the upper-case ones first; loopback is never proxied. `null` = none. A value without scheme is an http proxy.
 */
export function chooseProxy(
  variables: Variables,
  server: { readonly protocol: 'http:' | 'https:'; readonly host: string; readonly port: number },
): string | null {
  const names = server.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const proxy = firstSet(variables, ...names);
  const host = server.host.toLowerCase().replace(/\.$/, '');
  if (proxy === '' || isLoopback(host)) return null;
  const exempt = firstSet(variables, 'NO_PROXY', 'no_proxy')
    .split(',')
    .map((entry) => entry.trim().toLowerCase());
  if (exempt.some((entry) => matchesEntry(entry, host, server.port))) return null;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}
