import type { ProxyEndpoint } from '../http/http-exchange-types.js';
import { chooseProxy } from '../http/proxy-choice.js';
import { ExhibitError } from '../model/errors.js';
import type { KubeEnvironment } from './resolved-connection.js';

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `proxy-url` of the cluster, else what the environment says. Throws `KUBECONFIG_INVALID` for what we cannot speak; never quotes the URL, which may hold a password. */
export function resolveProxy(
  proxyUrl: string,
  server: { readonly protocol: 'http:' | 'https:'; readonly host: string; readonly port: number },
  environment: KubeEnvironment,
): ProxyEndpoint | null {
  const text = proxyUrl === '' ? chooseProxy(environment, server) : proxyUrl;
  if (text === null) return null;
  const from = proxyUrl === '' ? 'the environment' : 'proxy-url';
  const url = parseUrl(text);
  if (url === null) throw new ExhibitError('KUBECONFIG_INVALID', `The proxy that ${from} names is not a URL.`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ExhibitError(
      'KUBECONFIG_INVALID',
      `Proxies of the kind ${url.protocol.replace(/:$/, '')} are not supported (from ${from}); http and https are.`,
      {
        hints: ['Use an http proxy, or a tunnel to the API server and --server with --tls-server-name.'],
      },
    );
  }
  const { protocol } = url;
  const authorization =
    url.username === ''
      ? null
      : `Basic ${Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString('base64')}`;
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { protocol, host: url.hostname.replace(/^\[|\]$/g, ''), port, authorization };
}
