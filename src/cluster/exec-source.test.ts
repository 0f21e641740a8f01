import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExhibitError } from '../model/errors.js';
import { createCredentialSource } from './credential-source.js';
import type { CredentialSource } from './credential.js';
import { parseExecCredential } from './exec-credential.js';
import { createExecSource } from './exec-source.js';
import { resolveConnection } from './resolve-connection.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-plugin-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const VERSION = 'client.authentication.k8s.io/v1';
const time = { nowMs: 1_800_000_000_000, monoUs: 0 };
const clock = { nowMs: () => time.nowMs, monoUs: () => time.monoUs, bootId: () => 'b' };

function script(body: string): string {
  const path = join(folder, 'plugin.sh');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Each run is counted in a file; the token is its number. */
function counting(status: string): string {
  return `echo run >> ${folder}/runs; n=$(wc -l < ${folder}/runs | tr -d ' '); echo "{\\"kind\\":\\"ExecCredential\\",\\"apiVersion\\":\\"${VERSION}\\",\\"status\\":{\\"token\\":\\"t$n\\"${status}}}"`;
}

const runs = (): number =>
  existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').length : 0;

async function source(body: string, rest = '', timeoutMs = 5000): Promise<CredentialSource> {
  const path = join(folder, 'config');
  writeFileSync(
    path,
    `current-context: x
clusters: [{name: c, cluster: {server: "https://c.test:6443", insecure-skip-tls-verify: true, extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: 7}}]}}]
users: [{name: u, user: {exec: {apiVersion: ${VERSION}, command: "${script(body)}", args: [one, two words], env: [{name: FROM_CONFIG, value: yes}]${rest}}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
`,
  );
  const connection = await resolveConnection({ kubeconfig: path }, { PATH: process.env['PATH'], INHERITED: 'too' });
  const { exec } = connection.user;
  if (exec === null) throw new Error('no plugin');
  return createExecSource({ exec, connection, clock, timeoutMs });
}

describe('a credential plugin', () => {
  it('runs once for all who wait, is kept without expiry, and runs again after a 401', async () => {
    const credentials = await source(`sleep 0.2; ${counting('')}`);
    const many = await Promise.all(Array.from({ length: 10 }, () => credentials.current()));
    expect(new Set(many.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer t1']));
    time.nowMs += 365 * 86_400_000;
    const held = await credentials.current();
    expect(runs()).toBe(1);
    await Promise.all([credentials.renew(held), credentials.renew(held)]);
    await credentials.renew(held);
    expect((await credentials.current()).authorization).toBe('Bearer t2');
    expect(runs()).toBe(2);
  });

  it('runs again shortly before its answer expires', async () => {
    const credentials = await source(
      counting(`,\\"expirationTimestamp\\":\\"${new Date(time.nowMs + 100_000).toISOString()}\\"`),
    );
    await credentials.current();
    time.nowMs += 89_000;
    await credentials.current();
    expect(runs()).toBe(1);
    time.nowMs += 1500;
    await credentials.current();
    expect(runs()).toBe(2);
  });

  it('gets its arguments, environment and the cluster, and no terminal', async () => {
    const credentials = await source(
      `printf '%s|%s|%s|%s\\n%s' "$1" "$2" "$FROM_CONFIG" "$INHERITED" "$KUBERNETES_EXEC_INFO" > ${folder}/got; cat > ${folder}/stdin; ${counting('')}`,
      ', provideClusterInfo: true',
    );
    await credentials.current();
    const [first, info = ''] = readFileSync(join(folder, 'got'), 'utf8').split('\n');
    expect(first).toBe('one|two words|yes|too');
    expect(JSON.parse(info)).toEqual({
      kind: 'ExecCredential',
      apiVersion: VERSION,
      spec: {
        interactive: false,
        cluster: { 'server': 'https://c.test:6443', 'insecure-skip-tls-verify': true, 'config': { audience: 7 } },
      },
    });
    expect(readFileSync(join(folder, 'stdin'), 'utf8')).toBe('');
  });

  it.each([
    ['fails', 'echo s3cret >&2; echo s3cret; exit 7', /exit status 7/],
    ['answers nonsense', 'echo s3cret', /no ExecCredential/],
    [
      'answers in another version',
      `echo '{"kind":"ExecCredential","apiVersion":"v9","status":{"token":"s3cret"}}'`,
      /another version/,
    ],
    [
      'answers nothing usable',
      `echo '{"kind":"ExecCredential","apiVersion":"${VERSION}","status":{}}'`,
      /neither a token nor/,
    ],
    [
      'answers with a broken certificate',
      `echo '{"kind":"ExecCredential","apiVersion":"${VERSION}","status":{"clientCertificateData":"s3cret","clientKeyData":"x"}}'`,
      /cannot be used/,
    ],
    ['writes without end', 'while :; do echo s3cret; done', /wrote more than/],
  ])('that %s is an error that quotes nothing', async (_name, body, message) => {
    const error: unknown = await (await source(body)).current().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExhibitError);
    expect((error as ExhibitError).code).toBe('CLUSTER_UNAUTHENTICATED');
    expect((error as ExhibitError).message).toMatch(message);
    expect(JSON.stringify(error)).not.toContain('s3cret');
  });

  it('that hangs is ended with all it started', async () => {
    const credentials = await source(`(sleep 1.5; touch ${folder}/survived) & sleep 30`, '', 300);
    await expect(credentials.current()).rejects.toThrow(/did not answer within 300 ms/);
    await new Promise((resolve) => setTimeout(resolve, 1700));
    expect(existsSync(join(folder, 'survived'))).toBe(false);
  });

  it('that is not installed says how to get it', async () => {
    const credentials = await source('exit 0', ', installHint: "brew install plug"');
    rmSync(join(folder, 'plugin.sh'));
    await expect(credentials.current()).rejects.toMatchObject({
      code: 'CLUSTER_UNAUTHENTICATED',
      hints: ['brew install plug', expect.any(String)],
    });
  });
});

describe('parseExecCredential', () => {
  it('throws nothing but its own error', () => {
    const answer = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ kind: fc.constant('ExecCredential'), apiVersion: fc.constant(VERSION), status: fc.jsonValue() })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(answer, (output) => {
        try {
          expect(parseExecCredential(Buffer.from(output), { apiVersion: VERSION, command: 'x' }).token).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(ExhibitError);
        }
      }),
    );
  });
});

describe('a token file', () => {
  it('is read again after a minute and after a 401, and a bad one does not displace a good one', async () => {
    const token = join(folder, 'token');
    const path = join(folder, 'config');
    writeFileSync(token, 'one\n');
    writeFileSync(
      path,
      'current-context: x\nclusters: [{name: c, cluster: {server: "https://c.test"}}]\nusers: [{name: u, user: {tokenFile: token}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n',
    );
    const credentials = createCredentialSource(await resolveConnection({ kubeconfig: path }, {}), clock);
    expect((await credentials.current()).authorization).toBe('Bearer one');
    writeFileSync(token, 'two');
    time.monoUs += 59_000_000;
    expect((await credentials.current()).authorization).toBe('Bearer one');
    time.monoUs += 1_000_000;
    expect((await credentials.current()).authorization).toBe('Bearer two');
    writeFileSync(token, 'three');
    await credentials.renew(await credentials.current());
    expect((await credentials.current()).authorization).toBe('Bearer three');
    writeFileSync(token, 'bad\ntoken');
    time.monoUs += 60_000_000;
    expect((await credentials.current()).authorization).toBe('Bearer three');
  });
});
