import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { HttpEndpoint, ProxyEndpoint } from './http-exchange-types.js';
import { openTunnel } from './proxy-tunnel.js';
import { TransportError } from './transport-failure.js';

const peers = new WeakMap<object, string>();

/** SHA-256 of the DER of the certificate that the server showed on this connection; `null` without TLS. */
export function tlsPeerSha256(socket: object | null): string | null {
  return (socket === null ? undefined : peers.get(socket)) ?? null;
}

function rememberPeer(socket: TLSSocket): void {
  const certificate = socket.getPeerX509Certificate();
  if (certificate !== undefined) peers.set(socket, certificate.fingerprint256.replaceAll(':', '').toLowerCase());
}

function tlsOptions(endpoint: HttpEndpoint): ConnectionOptions {
  const name = endpoint.serverName ?? endpoint.host;
  return {
    // SNI must not be an address; the certificate is checked against it nevertheless.
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    rejectUnauthorized: !endpoint.insecure,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    // An intermediate in the bundle is an anchor, as it is for kubectl.
    allowPartialTrustChain: true,
    ...(endpoint.ca === null ? {} : { ca: endpoint.ca }),
    ...(endpoint.clientCertificate === null
      ? {}
      : { cert: endpoint.clientCertificate.cert, key: endpoint.clientCertificate.key }),
  };
}

/** Resolves on `event`; rejects, and destroys the socket, on an error, an early end or an abort. */
export async function settled(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const finish = (error?: Error): void => {
      socket.off('error', finish).off('close', onClose).off(event, onDone);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve();
        return;
      }
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const onDone = (): void => {
      finish();
    };
    const onClose = (): void => {
      finish(new TransportError('reset', 'the connection was closed while it was made', 'ECONNRESET'));
    };
    const onAbort = (): void => {
      finish(new TransportError('connect-timeout', 'the connection was not made in time', 'ETIMEDOUT'));
    };
    socket.on('error', finish).on('close', onClose).once(event, onDone);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function openProxy(proxy: ProxyEndpoint, endpoint: HttpEndpoint, signal: AbortSignal): Promise<Socket> {
  const where = { host: proxy.host, port: proxy.port };
  try {
    const socket =
      proxy.protocol === 'https:'
        ? connectTls({
            ...where,
            ALPNProtocols: ['http/1.1'],
            rejectUnauthorized: true,
            servername: isIP(proxy.host) === 0 ? proxy.host : '',
          })
        : connectTcp(where);
    await settled(socket, proxy.protocol === 'https:' ? 'secureConnect' : 'connect', signal);
    await openTunnel(socket, { host: endpoint.host, port: endpoint.port, authorization: proxy.authorization, signal });
    return socket;
  } catch (error) {
    if (error instanceof TransportError && error.failure.step === 'proxy') throw error;
    throw new TransportError(
      'proxy',
      `the proxy ${proxy.host}:${String(proxy.port)} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** A connection that is ready for HTTP: through the proxy if there is one, TLS done and judged. Throws `TransportError` or what node throws. */
export async function openConnection(endpoint: HttpEndpoint): Promise<Socket> {
  const signal = AbortSignal.timeout(endpoint.connectTimeoutMs);
  const where = { host: endpoint.host, port: endpoint.port };
  const carrier = endpoint.proxy === null ? null : await openProxy(endpoint.proxy, endpoint, signal);
  if (endpoint.protocol === 'http:') {
    if (carrier !== null) return carrier;
    const plain = connectTcp(where);
    await settled(plain, 'connect', signal);
    return plain.setNoDelay(true);
  }
  const secure = connectTls({ ...(carrier === null ? where : { socket: carrier }), ...tlsOptions(endpoint) });
  await settled(secure, 'secureConnect', signal);
  rememberPeer(secure);
  return secure.setNoDelay(true);
}
