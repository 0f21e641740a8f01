import { resolve } from 'node:path';
import type { ProxyEndpoint } from '../http/http-exchange-types.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { ConnectionFacts } from '../model/connection.js';
import { ExhibitError } from '../model/errors.js';
import { impersonationHeaders, resolveImpersonation, type Impersonation } from './impersonation.js';
import { inClusterConfig } from './in-cluster.js';
import { readBounded, type ClusterEntry } from './kubeconfig-file.js';
import { loadKubeconfig } from './kubeconfig-merge.js';
import { resolveProxy } from './resolve-proxy.js';
import { resolveUser } from './resolve-user.js';
import type { KubeGlobals } from '../model/kube-globals.js';
import type { KubeEnvironment, ResolvedConnection, ResolvedUser } from './resolved-connection.js';
import { selectEntries, type Selection } from './select-entries.js';

export { listContexts } from './list-contexts.js';
export type { KubeEnvironment, ResolvedConnection } from './resolved-connection.js';

const MAX_PEM_BYTES = 4 * 1024 * 1024;

function invalid(message: string, subject?: string): ExhibitError {
  return new ExhibitError('KUBECONFIG_INVALID', message, {
    hints: ['kubectl config view --minify'],
    ...(subject === undefined ? {} : { subject }),
  });
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function parseServer(text: string): Pick<ResolvedConnection, 'protocol' | 'host' | 'port' | 'basePath'> {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `https://${text}`);
  } catch {
    throw invalid(`The address of the server is not a URL: ${escapeForTerminal(text, 200)}`);
  }
  const { protocol } = url;
  if (protocol !== 'https:' && protocol !== 'http:')
    throw invalid(`The address of the server is neither https nor http: ${escapeForTerminal(text, 200)}`);
  if (url.username !== '' || url.password !== '')
    throw invalid('The address of the server holds a user name or password.');
  if (url.search !== '' || url.hash !== '') throw invalid('The address of the server has a query or a fragment.');
  const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { protocol, host: url.hostname.replace(/^\[|\]$/g, ''), port, basePath: url.pathname.replace(/\/+$/, '') };
}

/** Flags over the entry, with kubectl's two side effects: --server drops the entry's name for TLS, insecure drops its roots. */
function applyClusterFlags(entry: ClusterEntry, globals: KubeGlobals): ClusterEntry {
  const merged = { ...entry };
  if (globals.server !== undefined) merged.server = globals.server;
  if (globals.server !== undefined || globals.tlsServerName !== undefined)
    merged['tls-server-name'] = globals.tlsServerName ?? '';
  if (globals.proxyUrl !== undefined) merged['proxy-url'] = globals.proxyUrl;
  if (globals.insecureSkipTlsVerify !== undefined) merged['insecure-skip-tls-verify'] = globals.insecureSkipTlsVerify;
  if (globals.insecureSkipTlsVerify === true || globals.certificateAuthority !== undefined) {
    merged['certificate-authority-data'] = '';
    merged['certificate-authority'] =
      globals.certificateAuthority === undefined ? '' : resolve(globals.certificateAuthority);
  }
  return merged;
}

async function readCa(entry: ClusterEntry): Promise<Buffer | null> {
  const data = entry['certificate-authority-data'];
  const file = entry['certificate-authority'];
  if (data === '' && file === '') return null;
  if (entry['insecure-skip-tls-verify'])
    throw invalid('insecure-skip-tls-verify and a certificate authority exclude each other.');
  let pem: Buffer;
  try {
    pem = data === '' ? await readBounded(file, MAX_PEM_BYTES) : Buffer.from(data, 'base64');
  } catch {
    throw invalid('The certificate authority cannot be read.', file);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw invalid(
      'The certificate authority holds no PEM certificate.',
      data === '' ? file : 'certificate-authority-data',
    );
  return pem;
}

function credentialKind(user: ResolvedUser): ConnectionFacts['credential'] {
  if (user.certificate !== null) return 'client-certificate';
  if (user.tokenFile !== null) return 'token-file';
  if (user.token !== null) return 'token';
  if (user.basic !== null) return 'basic';
  return user.exec === null ? 'none' : 'exec-plugin';
}

function impersonatedFact(impersonation: Impersonation | null): ConnectionFacts['impersonated'] {
  return impersonation === null
    ? null
    : { user: impersonation.user, uid: impersonation.uid, groups: impersonation.groups };
}

function proxyFact(proxy: ProxyEndpoint | null): string | null {
  if (proxy === null) return null;
  return `${proxy.protocol}//${proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host}:${String(proxy.port)}`;
}

async function fromSelection(
  selection: Selection,
  globals: KubeGlobals,
  environment: KubeEnvironment,
): Promise<ResolvedConnection> {
  const cluster = applyClusterFlags(selection.cluster, globals);
  if (cluster.server === '')
    throw invalid(`The cluster ${escapeForTerminal(selection.clusterName, 100)} has no server.`);
  const server = parseServer(cluster.server);
  const user = await resolveUser(selection.user, globals);
  const impersonation = resolveImpersonation(globals, selection.user);
  const credential = credentialKind(user);
  if (server.protocol === 'http:' && credential !== 'none' && !isLoopbackHost(server.host)) {
    throw invalid('The server is addressed by plain http; the credential would travel in the clear.', cluster.server);
  }
  const proxy = resolveProxy(cluster['proxy-url'], server, environment);
  const serverName = cluster['tls-server-name'] === '' ? null : cluster['tls-server-name'];
  const insecure = cluster['insecure-skip-tls-verify'] || server.protocol === 'http:';
  return {
    ...server,
    serverName,
    insecure,
    proxy,
    user,
    cluster,
    environment,
    ca: await readCa(cluster),
    impersonation: impersonationHeaders(impersonation),
    requestTimeoutMs:
      globals.requestTimeoutMs !== undefined && globals.requestTimeoutMs > 0 ? globals.requestTimeoutMs : null,
    facts: {
      server: cluster.server,
      context: selection.contextName,
      cluster: selection.clusterName,
      user: selection.userName,
      credential,
      proxy: proxyFact(proxy),
      tlsServerName: serverName,
      insecure,
      impersonated: impersonatedFact(impersonation),
      kubeconfigFiles: selection.files,
    },
  };
}

/**
 * Which server, as whom, how: kubeconfig and flags by kubectl's rules, else the service account of the pod we run in. Reads files, opens no
 * connection and runs no plugin. Throws `KUBECONFIG_INVALID`.
 */
export async function resolveConnection(
  globals: KubeGlobals,
  environment: KubeEnvironment,
): Promise<ResolvedConnection> {
  const kubeconfig = await loadKubeconfig(globals.kubeconfig, environment);
  const unset = globals.context === undefined && globals.cluster === undefined && globals.server === undefined;
  if (unset && kubeconfig.files.length === 0) {
    const own = inClusterConfig(environment);
    if (own !== null) return await fromSelection(own, globals, environment);
  }
  return await fromSelection(selectEntries(kubeconfig, globals), globals, environment);
}
