import { createSecureContext } from 'node:tls';
import type { ClientCertificate } from '../http/http-exchange-types.js';
import { parseInstant } from '../lib/clock.js';
import { parseJson, stringAt, valueAt } from '../lib/untyped.js';
import { ExhibitError } from '../model/errors.js';
import type { ExecEntry } from './kubeconfig-file.js';
import type { ResolvedConnection } from './resolved-connection.js';

/** What a plugin handed out. Secrets. */
export interface ExecCredential {
  readonly token: string | null;
  readonly certificate: ClientCertificate | null;
  readonly expiresAtMs: number | null;
}

/** `KUBERNETES_EXEC_INFO`: that nobody can answer questions and, if the kubeconfig says so, which cluster it is for. */
export function renderExecInfo(
  exec: ExecEntry,
  connection: Pick<ResolvedConnection, 'cluster' | 'ca' | 'insecure' | 'protocol'>,
): string {
  const { cluster, ca } = connection;
  const about = {
    server: cluster.server,
    ...(cluster['tls-server-name'] === '' ? {} : { 'tls-server-name': cluster['tls-server-name'] }),
    ...(cluster['insecure-skip-tls-verify'] ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === null ? {} : { 'certificate-authority-data': ca.toString('base64') }),
    ...(cluster['proxy-url'] === '' ? {} : { 'proxy-url': cluster['proxy-url'] }),
    config: cluster.pluginConfig ?? null,
  };
  const spec = exec.provideClusterInfo ? { cluster: about, interactive: false } : { interactive: false };
  return JSON.stringify({ kind: 'ExecCredential', apiVersion: exec.apiVersion, spec });
}

function refuse(why: string, command: string): ExhibitError {
  return new ExhibitError('CLUSTER_UNAUTHENTICATED', `The credential plugin ${why}.`, {
    subject: command,
    hints: ['Run the plugin by hand to see what it says.'],
  });
}

function certificateOf(status: unknown, command: string): ClientCertificate | null {
  const cert = stringAt(status, 'clientCertificateData') ?? '';
  const key = stringAt(status, 'clientKeyData') ?? '';
  if (cert === '' && key === '') return null;
  if (cert === '' || key === '') throw refuse('answers with a certificate without its key, or the reverse', command);
  const pair = { cert: Buffer.from(cert, 'utf8'), key: Buffer.from(key, 'utf8') };
  try {
    createSecureContext(pair);
  } catch {
    throw refuse('answers with a certificate and key that cannot be used', command);
  }
  return pair;
}

/** The standard output of a plugin. Throws `CLUSTER_UNAUTHENTICATED`; never quotes the output. */
export function parseExecCredential(output: Buffer, exec: Pick<ExecEntry, 'apiVersion' | 'command'>): ExecCredential {
  const answer = parseJson(output);
  const { command } = exec;
  if (stringAt(answer, 'kind') !== 'ExecCredential')
    throw refuse('answers with something that is no ExecCredential', command);
  if (stringAt(answer, 'apiVersion') !== exec.apiVersion)
    throw refuse(`answers in another version than ${exec.apiVersion}`, command);
  const status = valueAt(answer, 'status');
  const token = stringAt(status, 'token') ?? '';
  if (/[^\x21-\x7e]/.test(token)) throw refuse('answers with a token that no header can carry', command);
  const certificate = certificateOf(status, command);
  if (token === '' && certificate === null) throw refuse('answers with neither a token nor a certificate', command);
  const expiry = stringAt(status, 'expirationTimestamp');
  const expiresAtMs = expiry === undefined ? null : parseInstant(expiry);
  if (expiry !== undefined && expiresAtMs === null) throw refuse('answers with an expiry that is no time', command);
  return { token: token === '' ? null : token, certificate, expiresAtMs };
}
