import { escapeForTerminal } from '../lib/terminal-escape.js';

/** Where a call died before it had an answer. */
export type TransportStep =
  | 'name'
  | 'refused'
  | 'connect-timeout'
  | 'tls'
  | 'proxy'
  | 'reset'
  | 'first-byte-timeout'
  | 'protocol'
  | 'aborted'
  | 'network';

/** `message` is escaped and free of secrets. */
export interface TransportFailure {
  readonly step: TransportStep;
  /** Of the runtime: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, ... or empty. */
  readonly code: string;
  readonly message: string;
}

const TLS_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_REVOKED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
  'PATH_LENGTH_EXCEEDED',
  'CERT_CHAIN_TOO_LONG',
  'EPROTO',
]);

const STEP_BY_CODE: Readonly<Record<string, TransportStep>> = {
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'connect-timeout',
};

function stepOf(code: string): TransportStep {
  if (TLS_CODES.has(code) || code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code.startsWith('ERR_OSSL'))
    return 'tls';
  if (code.startsWith('HPE_')) return 'protocol';
  return STEP_BY_CODE[code] ?? 'network';
}

/** Thrown inside this folder to carry a step that no code of the runtime tells. */
export class TransportError extends Error {
  readonly failure: TransportFailure;
  constructor(step: TransportStep, message: string, code = '') {
    super(message);
    this.name = 'TransportError';
    this.failure = { step, code, message: escapeForTerminal(message, 300) };
  }
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

/** What an error of node:net, node:tls or node:http means for the call. Happy-eyeballs errors tell what their first member tells. */
export function transportFailureOf(error: unknown): TransportFailure {
  if (error instanceof TransportError) return error.failure;
  if (error instanceof AggregateError && error.errors.length > 0) return transportFailureOf(error.errors[0]);
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return { step: stepOf(code), code, message: escapeForTerminal(message, 300) };
}
