import type { TransportFailure } from '../http/transport-failure.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError, type ErrorCode } from '../model/errors.js';
import type { ResolvedConnection } from './resolved-connection.js';

interface Wording {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

const TLS_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'The certificate of the server has expired.',
  CERT_NOT_YET_VALID: 'The certificate of the server is not valid yet; one of the two clocks may be wrong.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate of the server is for another name.',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'The certificate of the server is self-signed and not the one that the kubeconfig trusts.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'The certificate of the server comes from an authority that the kubeconfig does not trust.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'The certificate of the server comes from an authority that the kubeconfig does not trust.',
  UNABLE_TO_GET_ISSUER_CERT:
    'The certificate of the server comes from an authority that the kubeconfig does not trust.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'The certificate of the server comes from an authority that the kubeconfig does not trust.',
  CERT_SIGNATURE_FAILURE: 'The certificate of the server is not signed by the authority that the kubeconfig trusts.',
};

function tlsWording(failure: TransportFailure): Wording {
  const message = TLS_WORDS[failure.code] ?? `No trusted TLS connection to the server: ${failure.message}`;
  const hints =
    failure.code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? ['--tls-server-name NAME, if the certificate bears a name that you know to be right']
      : [
          'Fetch the kubeconfig anew: the authority may have been replaced.',
          'If it was right yesterday, somebody may be in between: do not use --insecure-skip-tls-verify.',
        ];
  return { code: 'CLUSTER_UNREACHABLE', message, hints };
}

function wordingOf(failure: TransportFailure, server: string, node: string | undefined): Wording {
  const whose = node === undefined ? 'The server' : `The kubelet of node ${escapeForTerminal(node, 100)}`;
  switch (failure.step) {
    case 'tls':
      return tlsWording(failure);
    case 'name':
      return {
        code: 'CLUSTER_UNREACHABLE',
        message: `The name of the server could not be resolved: ${failure.message}`,
        hints: ['Check the network, VPN and DNS.'],
      };
    case 'refused':
      return {
        code: 'CLUSTER_UNREACHABLE',
        message: 'Nothing listens at the address of the server.',
        hints: [`curl -k ${server}/livez`],
      };
    case 'connect-timeout':
      return {
        code: 'CLUSTER_UNREACHABLE',
        message: 'The server could not be connected to in time.',
        hints: ['Check the network, VPN and firewall.'],
      };
    case 'proxy':
      return {
        code: 'CLUSTER_UNREACHABLE',
        message: failure.message,
        hints: ['Check HTTPS_PROXY, NO_PROXY and proxy-url of the kubeconfig.'],
      };
    case 'first-byte-timeout':
      return {
        code: 'TIMEOUT',
        message: `${whose} gave ${failure.message.replace(/^no/, 'no')}.`,
        hints: ['--request-timeout DURATION'],
      };
    case 'aborted':
      return { code: 'INTERRUPTED', message: 'Interrupted during a request.', hints: [] };
    case 'protocol':
      return { code: 'CLUSTER_PROTOCOL', message: `What answers is not HTTP: ${failure.message}`, hints: [] };
    case 'reset':
    case 'network':
      return {
        code: 'CLUSTER_UNREACHABLE',
        message: `The connection to the server failed: ${failure.message}`,
        hints: ['Check the network, VPN and proxy.'],
      };
  }
}

/** A call that died without an answer, for people. */
export function exhibitErrorOf(
  failure: TransportFailure,
  connection: Pick<ResolvedConnection, 'facts'>,
  node: string | undefined,
): ExhibitError {
  const { code, message, hints } = wordingOf(failure, connection.facts.server, node);
  return new ExhibitError(code, message, {
    subject: connection.facts.server,
    hints,
    retryable: failure.step !== 'tls' && failure.step !== 'aborted',
  });
}
