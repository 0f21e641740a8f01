import { ExhibitError } from '../model/errors.js';
import type { KubeGlobals } from '../model/kube-globals.js';
import type { ConfigFile } from './config-file.js';
import { type Environment, variableOf } from './environment.js';
import { parseDurationMs } from './quantities.js';
import { resolveSetting } from './settings.js';

/** The values of `clusterFlags`, as the parser gives them. */
export interface ClusterFlagValues {
  readonly 'kubeconfig': string | undefined;
  readonly 'context': string | undefined;
  readonly 'cluster': string | undefined;
  readonly 'user': string | undefined;
  readonly 'server': string | undefined;
  readonly 'as': string | undefined;
  readonly 'as-group': readonly string[] | undefined;
  readonly 'as-uid': string | undefined;
  readonly 'as-user-extra': readonly string[] | undefined;
  readonly 'request-timeout': string | undefined;
  readonly 'insecure-skip-tls-verify': boolean;
  readonly 'tls-server-name': string | undefined;
  readonly 'proxy-url': string | undefined;
  readonly 'certificate-authority': string | undefined;
  readonly 'client-certificate': string | undefined;
  readonly 'client-key': string | undefined;
}

/** `KEY=VALUE`, repeatable for several values of a key. */
function parseExtra(texts: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new ExhibitError('USAGE_INVALID', '--as-user-extra takes KEY=VALUE', { subject: text });
    const key = text.slice(0, at);
    values.set(key, [...(values.get(key) ?? []), text.slice(at + 1)]);
  }
  return Object.fromEntries(values);
}

/** As kubectl: a bare number is seconds, and 0 is no limit. */
function parseRequestTimeoutMs(text: string): number {
  return parseDurationMs(/^\d+$/.test(text) ? `${text}s` : text);
}

/** Drops what is not set, which the exact optional properties of a port ask for. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export function clusterGlobalsOf(flags: ClusterFlagValues, environment: Environment, config: ConfigFile): KubeGlobals {
  const timeout = flags['request-timeout'];
  const extra = flags['as-user-extra'];
  const kubeconfig = environment.variables['KUBECONFIG'] === undefined ? config.kubeconfig : undefined;
  return defined({
    kubeconfig: flags.kubeconfig ?? kubeconfig,
    context: resolveSetting({
      flag: flags.context,
      environment: variableOf(environment, 'EXHIBIT_CONTEXT'),
      config: config.context,
      default: undefined,
    }).value,
    cluster: flags.cluster,
    user: flags.user,
    server: flags.server,
    as: flags.as,
    asUid: flags['as-uid'],
    asGroups: flags['as-group'],
    asUserExtra: extra === undefined ? undefined : parseExtra(extra),
    requestTimeoutMs: timeout === undefined ? undefined : parseRequestTimeoutMs(timeout),
    insecureSkipTlsVerify: flags['insecure-skip-tls-verify'] || undefined,
    tlsServerName: flags['tls-server-name'],
    proxyUrl: flags['proxy-url'],
    certificateAuthority: flags['certificate-authority'],
    clientCertificate: flags['client-certificate'],
    clientKey: flags['client-key'],
  });
}
