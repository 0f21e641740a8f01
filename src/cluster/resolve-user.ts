import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { ClientCertificate } from '../http/http-exchange-types.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import { emptyUser, readBounded, type ExecEntry, type UserEntry } from './kubeconfig-file.js';
import type { KubeGlobals } from '../model/kube-globals.js';
import type { PemSource, ResolvedUser } from './resolved-connection.js';

const MAX_PEM_BYTES = 1024 * 1024;
const EXEC_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

const PROVIDER_HINTS: Readonly<Record<string, string>> = {
  gcp: 'gcloud container clusters get-credentials CLUSTER (installs gke-gcloud-auth-plugin)',
  azure: 'kubelogin convert-kubeconfig',
  oidc: 'Use the exec plugin kubelogin (kubectl oidc-login) instead of the oidc auth-provider.',
};

function invalid(message: string, hints: readonly string[] = []): ExhibitError {
  return new ExhibitError('KUBECONFIG_INVALID', message, { hints });
}

function pem(data: string, file: string): PemSource | null {
  if (data === '' && file === '') return null;
  return { data: data === '' ? null : Buffer.from(data, 'base64'), file: data === '' ? file : null };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}

function checkExec(exec: ExecEntry): void {
  if (exec.command === '') throw invalid('The credential plugin of the kubeconfig has no command.');
  if (!EXEC_VERSIONS.includes(exec.apiVersion)) {
    throw invalid(`The credential plugin speaks ${escapeForTerminal(exec.apiVersion, 60)}; v1 and v1beta1 are known.`, [
      'Update the plugin and write the kubeconfig anew.',
    ]);
  }
  if (exec.interactiveMode === 'Always') {
    throw invalid(
      'The credential plugin wants to ask questions (interactiveMode: Always), which a collection cannot answer.',
      ['Log in first, then use a plugin with interactiveMode: Never.'],
    );
  }
}

function refuseProvider(provider: unknown): void {
  if (provider === undefined || provider === null) return;
  const name =
    typeof provider === 'object' && 'name' in provider && typeof provider.name === 'string' ? provider.name : 'unknown';
  throw invalid(
    `The kubeconfig uses the auth-provider ${escapeForTerminal(name, 40)}, which kubectl dropped; credential plugins took its place.`,
    [PROVIDER_HINTS[name] ?? 'Write the kubeconfig anew with an exec credential plugin.'],
  );
}

async function readPem(source: PemSource, what: string): Promise<Buffer> {
  if (source.data !== null) return source.data;
  try {
    return await readBounded(source.file ?? '', MAX_PEM_BYTES);
  } catch {
    throw new ExhibitError('KUBECONFIG_INVALID', `The ${what} of the kubeconfig cannot be read.`, {
      subject: source.file ?? '',
    });
  }
}

/** Certificate and key as they are now; `null` when the user has none. Throws `KUBECONFIG_INVALID` when they do not fit each other. */
export async function readClientCertificate(
  user: Pick<ResolvedUser, 'certificate' | 'key'>,
): Promise<ClientCertificate | null> {
  if (user.certificate === null || user.key === null) return null;
  const pair = {
    cert: await readPem(user.certificate, 'client certificate'),
    key: await readPem(user.key, 'client key'),
  };
  try {
    createSecureContext(pair);
  } catch {
    throw invalid('Client certificate and client key cannot be used, or do not belong together.');
  }
  return pair;
}

interface OwnCredentials {
  readonly token: string | null;
  readonly tokenFile: string | null;
  readonly basic: ResolvedUser['basic'];
}

function ownCredentials(entry: UserEntry): OwnCredentials {
  const token = orNull(entry.token);
  const tokenFile = orNull(entry.tokenFile);
  const basic = entry.username === '' ? null : { username: entry.username, password: entry.password };
  if (basic !== null && (token !== null || tokenFile !== null))
    throw invalid('The user entry has both a token and a password; one must go.');
  return { token, tokenFile, basic };
}

function certificateAndKey(entry: UserEntry, globals: KubeGlobals): Pick<ResolvedUser, 'certificate' | 'key'> {
  const flagged = (path: string | undefined): PemSource | null =>
    path === undefined ? null : { data: null, file: resolve(path) };
  const certificate =
    flagged(globals.clientCertificate) ?? pem(entry['client-certificate-data'], entry['client-certificate']);
  const key = flagged(globals.clientKey) ?? pem(entry['client-key-data'], entry['client-key']);
  if ((certificate === null) !== (key === null))
    throw invalid('The user entry has a client certificate without its key, or the reverse.');
  return { certificate, key };
}

/** What the user entry and the flags offer to authenticate with. Throws `KUBECONFIG_INVALID`. */
export async function resolveUser(named: UserEntry | null, globals: KubeGlobals): Promise<ResolvedUser> {
  const entry = named ?? emptyUser();
  refuseProvider(entry['auth-provider']);
  const own = ownCredentials(entry);
  const pair = certificateAndKey(entry, globals);
  // client-go does not run the plugin either when the entry itself has something to show.
  const needsPlugin = [own.token, own.tokenFile, own.basic, pair.certificate].every(
    (credential) => credential === null,
  );
  const exec = needsPlugin ? (entry.exec ?? null) : null;
  if (exec !== null) checkExec(exec);
  const user: ResolvedUser = { ...own, ...pair, exec };
  await readClientCertificate(user);
  return user;
}
