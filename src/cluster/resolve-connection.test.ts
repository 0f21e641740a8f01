import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeTestCertificates, type TestCertificates } from '../../test/fakes/test-certificates.js';
import { ExhibitError } from '../model/errors.js';
import { inClusterConfig } from './in-cluster.js';
import { parseKubeconfig } from './kubeconfig-file.js';
import { readClientCertificate } from './resolve-user.js';
import type { KubeGlobals } from '../model/kube-globals.js';
import { listContexts, resolveConnection } from './resolve-connection.js';

let certificates: TestCertificates;
let folder = '';
beforeAll(() => {
  certificates = makeTestCertificates();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-kubeconfig-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => {
  folder = '';
});

function write(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function config(rest: { cluster?: string; user?: string; current?: string; extra?: string } = {}): string {
  return `apiVersion: v1
kind: Config
current-context: ${rest.current ?? 'main'}
clusters:
- name: one
  cluster: {server: "https://one.test:6443"${rest.cluster ?? ''}}
users:
- name: me
  user: {${rest.user ?? 'token: abc'}}
contexts:
- name: main
  context: {cluster: one, user: me, namespace: ns}
${rest.extra ?? ''}`;
}

const b64 = (bytes: Buffer): string => bytes.toString('base64');
const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof ExhibitError ? `${error.code}: ${error.message}` : String(error);
  }
};

const SECOND = `apiVersion: v1
kind: Config
current-context: other
clusters:
- name: one
  cluster: {server: "https://shadowed.test", proxy-url: "http://shadowed.test:1"}
- name: two
  cluster: {server: "https://two.test/base/path/", tls-server-name: inner.test, certificate-authority: pki/ca.pem}
users:
- name: me
  user: {username: shadowed, password: shadowed}
- name: cert
  user: {client-certificate: pki/c.pem, client-key: ../second/pki/c.key, as: boss, as-uid: "7", as-groups: [a, b], as-user-extra: {k.test/x: [v, w]}}
contexts:
- name: other
  context: {cluster: two, user: cert}
`;

function kubectlThatRuns(): string | null {
  for (const kubectl of [process.env['LAB_KUBECTL'] ?? '', 'kubectl']) {
    if (kubectl === '') continue;
    try {
      execFileSync(kubectl, ['version', '--client'], { stdio: 'pipe' });
      return kubectl;
    } catch {
      /* try the next */
    }
  }
  return null;
}

const kubectl = kubectlThatRuns();

interface KubectlView {
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, unknown>> }[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, unknown>> }[];
}

const orAbsent = (text: string | null): string | undefined => text ?? undefined;

/** Ours in the words of `kubectl config view`. */
async function oursAsView(globals: KubeGlobals, environment: Record<string, string>): Promise<unknown> {
  const connection = await resolveConnection(globals, environment);
  const pair = await readClientCertificate(connection.user);
  const { cluster } = connection;
  const headers = (name: string): string[] =>
    connection.impersonation.filter(([key]) => key === name).map(([, value]) => value);
  return {
    cluster: {
      'server': cluster.server,
      'certificate-authority-data': connection.ca === null ? undefined : b64(connection.ca),
      'tls-server-name': orAbsent(connection.serverName),
      'insecure-skip-tls-verify': connection.insecure ? true : undefined,
      'proxy-url': cluster['proxy-url'] === '' ? undefined : cluster['proxy-url'],
    },
    user: {
      'client-certificate-data': pair === null ? undefined : b64(pair.cert),
      'client-key-data': pair === null ? undefined : b64(pair.key),
      'token': orAbsent(connection.user.token),
      'tokenFile': orAbsent(connection.user.tokenFile),
      'username': connection.user.basic?.username,
      'password': connection.user.basic?.password,
      'as': headers('Impersonate-User')[0],
      'as-uid': headers('Impersonate-Uid')[0],
      'as-groups': headers('Impersonate-Group').length === 0 ? undefined : headers('Impersonate-Group'),
      'exec':
        connection.user.exec === null
          ? undefined
          : { command: connection.user.exec.command, args: connection.user.exec.args, env: connection.user.exec.env },
    },
  };
}

function theirsAsView(args: readonly string[], environment: Record<string, string>): unknown {
  const text = execFileSync(
    kubectl ?? '',
    ['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json', ...args],
    { env: { PATH: process.env['PATH'] ?? '', ...environment }, encoding: 'utf8', cwd: folder },
  );
  const view = JSON.parse(text) as KubectlView;
  const user = { ...view.users[0]?.user } as Record<string, unknown>;
  delete user['as-user-extra'];
  // What view leaves relative to the file, kubectl itself resolves against the file's folder when it connects.
  const resolved = (path: string): string => (path.includes('/') ? resolve(folder, 'first', path) : path);
  if (typeof user['tokenFile'] === 'string') user['tokenFile'] = resolved(user['tokenFile']);
  const exec = user['exec'] as { command: string; args: string[]; env: unknown[] } | undefined;
  if (exec !== undefined) user['exec'] = { command: resolved(exec.command), args: exec.args, env: exec.env };
  return { cluster: view.clusters[0]?.cluster, user };
}

describe('resolveConnection', () => {
  describe.skipIf(kubectl === null)('agrees with kubectl config view (only where kubectl is)', () => {
    const cases: [string, string, string, string[], KubeGlobals][] = [
      ['a token', config(), SECOND, [], {}],
      ['the second file by context', config(), SECOND, ['--context', 'other'], { context: 'other' }],
      ['the current context of the first file that has one', config({ current: '""' }), SECOND, [], {}],
      [
        'insecure and a proxy',
        config({ cluster: ', insecure-skip-tls-verify: true, proxy-url: "http://user:pw@proxy.test:3128"' }),
        '',
        [],
        {},
      ],
      ['a token file', config({ user: 'tokenFile: creds/token' }), '', [], {}],
      ['a password', config({ user: 'username: u, password: "007"' }), '', [], {}],
      ['impersonation', config({ user: 'token: t, as: boss, as-groups: [x, z]' }), '', [], {}],
      [
        'a plugin by relative path',
        config({
          user: 'exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./bin/plug, args: [a, "1"], env: [{name: NAME, value: v}]}',
        }),
        '',
        [],
        {},
      ],
      [
        'a plugin from PATH',
        config({
          user: 'exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: plug, args: [a], env: [{name: NAME, value: v}]}',
        }),
        '',
        [],
        {},
      ],
    ];
    it.each(cases)('%s', async (...[, first, second, args, globals]) => {
      const files = [
        write('first/config', first),
        join(folder, 'missing'),
        ...(second === '' ? [] : [write('second/config', second)]),
      ];
      write('second/pki/ca.pem', certificates.ca);
      write('second/pki/c.pem', certificates.client.cert);
      write('second/pki/c.key', certificates.client.key);
      const environment = { KUBECONFIG: files.join(':'), HOME: folder };
      const theirs = theirsAsView(args, environment);
      expect(JSON.parse(JSON.stringify(await oursAsView(globals, environment)))).toEqual(theirs);
    });
  });

  it('merges files: the first that names an entry has it whole, paths are relative to their file', async () => {
    const first = write('first/config', config());
    const second = write('second/config', SECOND);
    write('second/pki/ca.pem', certificates.ca);
    write('second/pki/c.pem', certificates.client.cert);
    write('second/pki/c.key', certificates.client.key);
    const environment = { KUBECONFIG: `${first}:${join(folder, 'missing')}:${second}` };
    const one = await resolveConnection({}, environment);
    expect(one.facts).toEqual({
      server: 'https://one.test:6443',
      context: 'main',
      cluster: 'one',
      user: 'me',
      credential: 'token',
      proxy: null,
      tlsServerName: null,
      insecure: false,
      impersonated: null,
      kubeconfigFiles: [first, second],
    });
    const two = await resolveConnection({ context: 'other' }, environment);
    expect(two).toMatchObject({ host: 'two.test', port: 443, basePath: '/base/path', serverName: 'inner.test' });
    expect(two.ca?.equals(certificates.ca)).toBe(true);
    expect(two.facts.impersonated).toEqual({ user: 'boss', uid: '7', groups: ['a', 'b'] });
    expect(two.impersonation).toEqual([
      ['Impersonate-User', 'boss'],
      ['Impersonate-Uid', '7'],
      ['Impersonate-Group', 'a'],
      ['Impersonate-Group', 'b'],
      ['Impersonate-Extra-k.test%2Fx', 'v'],
      ['Impersonate-Extra-k.test%2Fx', 'w'],
    ]);
    expect(await listContexts({}, environment)).toEqual(['main', 'other']);
  });

  it('lets flags win, with the side effects they have in kubectl', async () => {
    const path = write(
      'config',
      config({ cluster: `, tls-server-name: inner.test, certificate-authority-data: ${b64(certificates.ca)}` }),
    );
    const moved = await resolveConnection({ kubeconfig: path, server: 'https://127.0.0.1:9' }, {});
    expect(moved).toMatchObject({ host: '127.0.0.1', port: 9, serverName: null, insecure: false });
    const insecure = await resolveConnection(
      { kubeconfig: path, insecureSkipTlsVerify: true, as: 'x', asGroups: ['g'] },
      {},
    );
    expect(insecure).toMatchObject({
      insecure: true,
      ca: null,
      facts: { insecure: true, impersonated: { user: 'x', uid: null, groups: ['g'] } },
    });
  });

  it('uses the proxy of the environment unless the cluster names one, and keeps its password out of the facts', async () => {
    const environment = { HTTPS_PROXY: 'http://u:p%40ss@proxy.test:3128' };
    const connection = await resolveConnection({ kubeconfig: write('config', config()) }, environment);
    expect(connection.proxy).toEqual({
      protocol: 'http:',
      host: 'proxy.test',
      port: 3128,
      authorization: `Basic ${b64(Buffer.from('u:p@ss'))}`,
    });
    expect(connection.facts.proxy).toBe('http://proxy.test:3128');
    const named = await resolveConnection(
      { kubeconfig: write('named', config({ cluster: ', proxy-url: "https://own.test"' })) },
      { ...environment, NO_PROXY: '*' },
    );
    expect(named.facts.proxy).toBe('https://own.test:443');
  });

  it.each([
    ['a socks proxy', config({ cluster: ', proxy-url: "socks5://p:1"' }), /socks5/],
    ['an auth-provider', config({ user: 'auth-provider: {name: oidc}' }), /auth-provider oidc/],
    ['two credentials', config({ user: 'token: a, username: b' }), /both a token and a password/],
    ['a certificate without key', config({ user: 'client-certificate-data: YQ==' }), /without its key/],
    [
      'a certificate that is none',
      config({ user: 'client-certificate-data: YQ==, client-key-data: YQ==' }),
      /cannot be used/,
    ],
    ['a CA that is none', config({ cluster: ', certificate-authority-data: YQ==' }), /no PEM/],
    ['a CA that is not there', config({ cluster: ', certificate-authority: nowhere' }), /cannot be read/],
    [
      'insecure and a CA',
      config({ cluster: ', insecure-skip-tls-verify: true, certificate-authority-data: YQ==' }),
      /exclude each other/,
    ],
    [
      'a plugin that asks',
      config({ user: 'exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}' }),
      /Always/,
    ],
    [
      'an old plugin',
      config({ user: 'exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}' }),
      /v1alpha1/,
    ],
    ['groups without user', config({ user: 'token: a, as-groups: [g]' }), /but no user/],
    ['a missing context', config({ current: 'nope' }), /no context with the name nope/],
    ['no current context', config({ current: '""' }), /no current context/],
    ['a token over plain http', config().replace('https://one.test:6443', 'http://one.test'), /plain http/],
    ['a password in the server', config().replace('https://one', 'https://u:p@one'), /user name or password/],
    ['a name twice', config({ extra: '- name: main\n  context: {cluster: one}' }), /two contexts/],
    ['no YAML', 'a: [secret', /not YAML/],
    ['no mapping', '- secret', /unexpected value/],
    ['another kind', 'kind: Secret', /kind is Secret/],
  ])('refuses %s', async (_name, text, message) => {
    const found = await codeOf(resolveConnection({ kubeconfig: write('config', text) }, {}));
    expect(found).toMatch(/^KUBECONFIG_INVALID/);
    expect(found).toMatch(message);
    expect(found).not.toMatch(/secret\b/);
  });

  it('says when there is nothing at all, and when the named file is not there', async () => {
    expect(await codeOf(resolveConnection({}, { HOME: folder }))).toMatch(/No kubeconfig was found/);
    expect(await codeOf(resolveConnection({ kubeconfig: join(folder, 'nope') }, {}))).toMatch(/does not exist/);
  });

  it('refuses alias bombs and files without end', async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map(
        (name, index) =>
          `${name}: &${name} [${Array(9)
            .fill(`*${'abcdefghi'[index] ?? ''}`)
            .join(',')}]`,
      )
      .join('\n')}\n`;
    expect(await codeOf(resolveConnection({ kubeconfig: write('bomb', bomb) }, {}))).toMatch(/KUBECONFIG_INVALID/);
    expect(await codeOf(resolveConnection({ kubeconfig: '/dev/zero' }, {}))).toMatch(/longer than/);
  });
});

describe('parseKubeconfig', () => {
  it('keeps numbers, truth values and names as the text that stands there', () => {
    const parsed = parseKubeconfig(
      'users: [{name: 007, user: {token: 1e5, password: ~}}, {name: __proto__, user: {token: true}}]',
      '/x/config',
    );
    expect(parsed.users.get('007')).toMatchObject({ token: '1e5', password: '' });
    expect(parsed.users.get('__proto__')?.token).toBe('true');
  });

  it('gives plugins their cluster configuration with its types', () => {
    const parsed = parseKubeconfig(
      'clusters: [{name: c, cluster: {server: s, extensions: [{name: client.authentication.k8s.io/exec, extension: {n: 7, t: true}}]}}]',
      '/x/config',
    );
    expect(parsed.clusters.get('c')?.pluginConfig).toEqual({ n: 7, t: true });
  });

  it('throws nothing but KUBECONFIG_INVALID', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .array(fc.constantFrom('clusters', ':', '\n', ' ', '-', '{', '}', '&a', '*a', 'name', '"', '!!js', '<<'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (source) => {
        try {
          expect(parseKubeconfig(source, '/x/config').clusters).toBeInstanceOf(Map);
        } catch (error) {
          expect(error).toBeInstanceOf(ExhibitError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('inClusterConfig', () => {
  it('takes the service account of the pod, and nothing outside of one', () => {
    write('token', 't');
    write('ca.crt', certificates.ca);
    const found = inClusterConfig({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }, folder);
    expect(found?.cluster).toMatchObject({
      'server': 'https://[fd00::1]:443',
      'certificate-authority': join(folder, 'ca.crt'),
    });
    expect(found?.user?.tokenFile).toBe(join(folder, 'token'));
    expect(inClusterConfig({}, folder)).toBeNull();
    expect(
      inClusterConfig({ KUBERNETES_SERVICE_HOST: 'a', KUBERNETES_SERVICE_PORT: '1' }, join(folder, 'none')),
    ).toBeNull();
  });
});
