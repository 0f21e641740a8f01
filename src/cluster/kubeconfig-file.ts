import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { arrayAt, stringAt, valueAt } from '../lib/untyped.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_ALIASES = 100;

/** Scalars are read as the text that stands there, so that no token or name is ever rounded or turned into a truth value. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .string()
  .nullish()
  .transform((value) => value?.toLowerCase() === 'true');
const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);

const clusterSchema = z.looseObject({
  'server': text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'proxy-url': text,
});
export interface ClusterEntry extends z.infer<typeof clusterSchema> {
  /** What the cluster says to credential plugins, as JSON; `undefined` when nothing. */
  readonly pluginConfig?: unknown;
}

const execSchema = z.looseObject({
  apiVersion: text,
  command: text,
  args: texts,
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text,
  env: z
    .array(z.looseObject({ name: text, value: text }))
    .nullish()
    .transform((value) => value ?? []),
});
export type ExecEntry = z.infer<typeof execSchema>;

const userSchema = z.looseObject({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  'token': text,
  'tokenFile': text,
  'username': text,
  'password': text,
  'as': text,
  'as-uid': text,
  'as-groups': texts,
  'as-user-extra': z.record(z.string(), z.array(z.string())).nullish(),
  'auth-provider': z.unknown().optional(),
  'exec': execSchema.nullish(),
});
export type UserEntry = z.infer<typeof userSchema>;

const contextSchema = z.looseObject({ cluster: text, user: text, namespace: text });
export type ContextEntry = z.infer<typeof contextSchema>;

const fileSchema = z.looseObject({
  'apiVersion': text,
  'kind': text,
  'current-context': text,
  'clusters': z.array(z.looseObject({ name: text, cluster: clusterSchema.nullish() })).nullish(),
  'users': z.array(z.looseObject({ name: text, user: userSchema.nullish() })).nullish(),
  'contexts': z.array(z.looseObject({ name: text, context: contextSchema.nullish() })).nullish(),
});

/** One kubeconfig with its relative paths made absolute. Maps, because names are anybody's. */
export interface Kubeconfig {
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
}

function invalid(path: string, why: string): ExhibitError {
  return new ExhibitError('KUBECONFIG_INVALID', `The kubeconfig cannot be used: ${escapeForTerminal(why, 300)}`, {
    subject: path,
    hints: ['kubectl config view --minify'],
  });
}

function toMap<Entry>(
  path: string,
  kind: string,
  entries: readonly { readonly name: string; readonly entry: Entry }[],
): Map<string, Entry> {
  const map = new Map<string, Entry>();
  for (const { name, entry } of entries) {
    if (map.has(name)) throw invalid(path, `two ${kind} have the name ${name}`);
    map.set(name, entry);
  }
  return map;
}

function resolvedUser(user: UserEntry, absolute: (path: string) => string): UserEntry {
  return {
    ...user,
    'client-certificate': absolute(user['client-certificate']),
    'client-key': absolute(user['client-key']),
    'tokenFile': absolute(user.tokenFile),
    // Only a command with a slash is a path; a bare one is searched for in PATH.
    'exec':
      user.exec?.command.includes('/') === true ? { ...user.exec, command: absolute(user.exec.command) } : user.exec,
  };
}

const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

/** Plugins want their configuration with numbers and truth values; only that part is read so. Holds `{name, extension}` per cluster. */
function typedExtensions(source: string): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  if (!source.includes(EXEC_EXTENSION)) return found;
  const typed: unknown = parse(source, {
    schema: 'core',
    maxAliasCount: MAX_ALIASES,
    logLevel: 'error',
    prettyErrors: false,
  });
  for (const cluster of arrayAt(typed, 'clusters')) {
    const extension = arrayAt(cluster, 'cluster', 'extensions').find(
      (entry) => stringAt(entry, 'name') === EXEC_EXTENSION,
    );
    if (extension !== undefined) found.set(stringAt(cluster, 'name') ?? '', valueAt(extension, 'extension'));
  }
  return found;
}

function parseYaml(
  source: string,
  path: string,
): { readonly raw: unknown; readonly extensions: ReadonlyMap<string, unknown> } {
  try {
    const extensions = typedExtensions(source);
    const raw: unknown = parse(source, {
      schema: 'failsafe',
      customTags: ['null'],
      maxAliasCount: MAX_ALIASES,
      logLevel: 'error',
      prettyErrors: false,
    });
    return { raw, extensions };
  } catch (error) {
    const position: unknown = error instanceof Error && 'pos' in error ? error.pos : undefined;
    throw invalid(path, `not YAML${Array.isArray(position) ? `, near character ${String(position[0])}` : ''}`);
  }
}

/** The text of a kubeconfig to its entries. Throws `KUBECONFIG_INVALID`; the message never quotes the text, which holds secrets. */
export function parseKubeconfig(source: string, path: string): Kubeconfig {
  const { raw, extensions } = parseYaml(source, path);
  const parsed = fileSchema.safeParse(raw ?? {});
  if (!parsed.success)
    throw invalid(path, `unexpected value at ${parsed.error.issues[0]?.path.join('.') ?? 'the top'}`);
  const file = parsed.data;
  if (file.kind !== '' && file.kind !== 'Config') throw invalid(path, `its kind is ${file.kind}, not Config`);
  const absolute = (name: string): string => (name === '' || isAbsolute(name) ? name : resolve(dirname(path), name));
  return {
    currentContext: file['current-context'],
    clusters: toMap(
      path,
      'clusters',
      (file.clusters ?? []).map(({ name, cluster }) => {
        const entry = cluster ?? clusterSchema.parse({});
        return {
          name,
          entry: {
            ...entry,
            'certificate-authority': absolute(entry['certificate-authority']),
            'pluginConfig': extensions.get(name),
          },
        };
      }),
    ),
    users: toMap(
      path,
      'users',
      (file.users ?? []).map(({ name, user }) => ({
        name,
        entry: resolvedUser(user ?? userSchema.parse({}), absolute),
      })),
    ),
    contexts: toMap(
      path,
      'contexts',
      (file.contexts ?? []).map(({ name, context }) => ({ name, entry: context ?? contextSchema.parse({}) })),
    ),
  };
}

/** Reads at most `limitBytes` of a regular file or pipe. Throws what node:fs throws, or an Error when the file is longer. */
export async function readBounded(path: string, limitBytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY);
  try {
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024));
      if (bytesRead === 0) return Buffer.concat(parts);
      sizeBytes += bytesRead;
      if (sizeBytes > limitBytes) throw new Error(`longer than ${String(limitBytes)} bytes`);
      parts.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** One file from disk; `null` when it does not exist. Throws `KUBECONFIG_INVALID`. */
export async function readKubeconfig(path: string): Promise<Kubeconfig | null> {
  try {
    return parseKubeconfig((await readBounded(path, MAX_FILE_BYTES)).toString('utf8'), path);
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw invalid(path, error instanceof Error ? error.message : 'it cannot be read');
  }
}

export function emptyCluster(): ClusterEntry {
  return clusterSchema.parse({});
}

export function emptyUser(): UserEntry {
  return userSchema.parse({});
}
