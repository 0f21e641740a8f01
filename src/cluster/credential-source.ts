import { ExhibitError } from '../model/errors.js';
import type { Clock } from '../ports/clock.js';
import type { Credential, CredentialSource } from './credential.js';
import { createExecSource } from './exec-source.js';
import { readBounded } from './kubeconfig-file.js';
import type { ResolvedConnection, ResolvedUser } from './resolved-connection.js';
import { readClientCertificate } from './resolve-user.js';

const REREAD_US = 60_000_000;
const MAX_TOKEN_BYTES = 64 * 1024;

async function readToken(path: string): Promise<string> {
  const token = (await readBounded(path, MAX_TOKEN_BYTES)).toString('utf8').trim();
  if (token === '' || /[^\x21-\x7e]/.test(token)) throw new Error('no token');
  return token;
}

async function load(user: ResolvedUser, before: Credential | null): Promise<Credential> {
  const certificate = await readClientCertificate(user);
  if (user.basic !== null) {
    const pair = Buffer.from(`${user.basic.username}:${user.basic.password}`, 'utf8').toString('base64');
    return { authorization: `Basic ${pair}`, certificate };
  }
  if (user.tokenFile === null)
    return { authorization: user.token === null ? null : `Bearer ${user.token}`, certificate };
  try {
    return { authorization: `Bearer ${await readToken(user.tokenFile)}`, certificate };
  } catch {
    // The file wins over an inline token, but what was good a minute ago is better than nothing.
    const fallback = before?.authorization ?? (user.token === null ? null : `Bearer ${user.token}`);
    if (fallback !== null) return { authorization: fallback, certificate };
    throw new ExhibitError('CLUSTER_UNAUTHENTICATED', 'The token file cannot be read, or holds no token.', {
      subject: user.tokenFile,
    });
  }
}

function createFileSource(user: ResolvedUser, clock: Clock): CredentialSource {
  let held: Credential | null = null;
  let readAtUs = 0;
  let loading: Promise<Credential> | null = null;
  const reload = (): Promise<Credential> => {
    loading ??= load(user, held)
      .then((credential) => {
        held = credential;
        readAtUs = clock.monoUs();
        return credential;
      })
      .finally(() => {
        loading = null;
      });
    return loading;
  };
  return {
    current: async () => {
      const stale = user.tokenFile !== null && clock.monoUs() - readAtUs >= REREAD_US;
      return held === null || stale ? await reload() : held;
    },
    renew: async (refused) => {
      if (held === refused) await reload();
    },
  };
}

const sources = new WeakMap<ResolvedConnection, CredentialSource>();

/** Where the credential of a connection comes from: one source for all who use the connection, so that a plugin runs once for all of them. */
export function createCredentialSource(connection: ResolvedConnection, clock: Clock): CredentialSource {
  const { exec } = connection.user;
  const known = sources.get(connection);
  if (known !== undefined) return known;
  const source =
    exec === null ? createFileSource(connection.user, clock) : createExecSource({ exec, connection, clock });
  sources.set(connection, source);
  return source;
}
