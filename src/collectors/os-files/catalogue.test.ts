import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactFileSchema } from '../../model/artifact-catalogue.js';
import { CATALOGUE_FILES } from './catalogue.gen.js';
import { catalogue } from './catalogue.js';
import { coverageOf } from './coverage.js';
import { uncoveredLinks } from './linked-bases.js';
import { listingSpecOf, pathRegexOf } from './path-pattern.js';
import { isExpected, parseSystemFacts } from './system-facts.js';

const root = resolve(import.meta.dirname, '../../..');
const good = CATALOGUE_FILES[0] as Record<string, object>;
const withSpec = (changes: object): unknown => ({ ...good, spec: { ...good['spec'], ...changes } });

describe('the catalogue', () => {
  it('is what the files make it, one artifact a file, named as the file', () => {
    expect(spawnSync(process.execPath, [join(root, 'scripts/generate-catalogue.js'), '--check']).status).toBe(0);
    const files = readdirSync(join(root, 'templates/artifacts')).map((name) => basename(name, '.yaml'));
    expect([...catalogue().keys()].sort()).toEqual(files.sort());
  });

  it('never takes the bytes of what holds keys or password hashes', () => {
    const full = [...catalogue().values()].filter(({ content }) => content === 'full');
    const secrets = [
      '/etc/shadow',
      '/etc/gshadow-',
      '/etc/ssh/ssh_host_rsa_key',
      '/root/.ssh/id_ed25519',
      '/etc/kubernetes/admin.conf',
      '/etc/kubernetes/pki/ca.key',
      '/var/lib/kubelet/pki/kubelet-client-current.pem',
      '/root/.kube/config',
      '/etc/rancher/k3s/k3s.yaml',
      '/etc/wireguard/wg0.conf',
      '/var/lib/amazon/ssm/Vault/Store/RegistrationKey',
    ];
    for (const path of secrets) {
      const takers = full.filter(
        ({ paths, exclude }) =>
          paths.some((one) => pathRegexOf(one).test(path)) && !exclude.some((one) => pathRegexOf(one).test(path)),
      );
      expect([path, takers.map(({ name }) => name)]).toEqual([path, []]);
    }
  });

  it('walks no base that is the root itself, and gives every parser what it reads', () => {
    for (const { paths, limits, parse, content } of catalogue().values()) {
      for (const path of paths) expect(listingSpecOf(path, limits.maxDepth).base).toMatch(/^(~|\/)[^*?]*[^*?/]$|^~$/);
      if (parse === 'kernel-modules') expect(content).toBe('kernel-text');
      else if (parse !== undefined) expect(content).toBe('full');
    }
  });

  it.each([
    ['an unknown key', { surprise: 1 }],
    ['a relative path', { paths: ['etc/passwd'] }],
    ['a path with dots', { paths: ['/etc/../root/x'] }],
    ['a shell in a path', { paths: ['/etc/$(id)'] }],
    ['a newline in a path', { paths: ['/etc/a\n/b'] }],
    ['a star that is glued to a double one', { paths: ['/etc/a**'] }],
    ['no path', { paths: [] }],
    ['a limit without end', { limits: { maxFileBytes: 1, maxBytes: 1, maxFiles: 1_000_000, maxDepth: 1 } }],
    ['an expectation without a condition', { expectedOn: {} }],
    ['no meaning of its absence', { absenceMeaning: '' }],
  ])('refuses %s', (_name, changes) => {
    expect(artifactFileSchema.safeParse(withSpec({})).success).toBe(true);
    expect(artifactFileSchema.safeParse(withSpec(changes)).success).toBe(false);
  });
});

describe('patterns', () => {
  it('are split at the first wildcard', () => {
    expect(listingSpecOf('/etc/passwd', 4)).toMatchObject({ base: '/etc', depth: 1, regex: String.raw`\./passwd` });
    expect(listingSpecOf('/var/log/journal/**', 3)).toMatchObject({
      base: '/var/log/journal',
      depth: 3,
      regex: String.raw`\./.*`,
    });
    expect(listingSpecOf('~/.ssh/*.pub', 2)).toMatchObject({
      base: '~/.ssh',
      depth: 1,
      regex: String.raw`\./[^/]*\.pub`,
    });
    expect(listingSpecOf('~/.bashrc', 2)).toMatchObject({ base: '~', depth: 1, regex: String.raw`\./\.bashrc` });
    expect(listingSpecOf('/a/*/b?/c', 9)).toMatchObject({ base: '/a', depth: 3, regex: String.raw`\./[^/]*/b[^/]/c` });
  });

  it('do not walk whole folders that are left out', () => {
    const prune = (base: string, exclude: readonly string[]): string => listingSpecOf(base, 9, exclude).prune;
    expect(prune('/run/**', ['/run/a.b/**', '/run/c/d/**', '/usr/x/**', '/run/*.key'])).toBe(
      String.raw`\.(/a\.b/.*|/c/d/.*)`,
    );
    expect(prune('/opt/**', ['/run/a/**'])).toBe('/');
  });
});

describe('links on the way', () => {
  it('are no gap when their target is a place of the artifact itself', () => {
    const linked = [
      { base: '/lib/x', at: '/lib', target: 'usr/lib' },
      { base: '/home/a/.ssh', at: '/home/a', target: '/data/a' },
      { base: '/var/run/x', at: '/var/run', target: '../run' },
    ];
    expect(uncoveredLinks(linked, new Set(['/usr/lib/x', '/run']))).toEqual([linked[1]]);
    expect(uncoveredLinks([{ base: '/a/b', at: '/a', target: '../../..' }], new Set(['/x']))).toHaveLength(1);
  });
});

describe('what a node is', () => {
  const bottlerocket = parseSystemFacts('release\tID=bottlerocket\nmark\t/run/systemd/system\n', true);
  it('is read from its marks', () => {
    const text = [
      'release\tID="amzn"',
      'release\tID_LIKE="centos rhel fedora"',
      'mark\t/run/systemd/system',
      'mark\t/run/containerd',
      'mark\t/var/lib/etcd',
      'dmi\tsys_vendor\tAmazon EC2',
    ].join('\n');
    expect(parseSystemFacts(text, true)).toEqual({
      osId: 'amzn',
      osVersion: '',
      osFamily: 'rhel',
      init: 'systemd',
      runtimes: ['containerd'],
      provider: 'aws',
      role: 'control-plane',
    });
    expect(parseSystemFacts('mark\t/var/lib/dpkg/status\n', false).osFamily).toBe('debian');
    expect(parseSystemFacts('\x00garbage\t\t\n\xff', true).osFamily).toBe('other');
  });

  it('decides what is expected there, and the coverage is a number', () => {
    expect(isExpected({ init: ['systemd'], osFamily: ['debian'] }, bottlerocket)).toBe(false);
    expect(isExpected({ init: ['systemd'] }, bottlerocket)).toBe(true);
    const entries = [...catalogue().values()];
    const always = entries.filter(({ expectedOn }) => isExpected(expectedOn, bottlerocket)).map(({ name }) => name);
    const known = new Map(always.map((name, index) => [name, index === 0 ? 'absent' : 'collected'] as const));
    known.set('wtmpdb', 'collected');
    expect(coverageOf(entries, bottlerocket, known)).toMatchObject({
      expected: always.length,
      found: always.length - 1,
      percent: Math.floor((100 * (always.length - 1)) / always.length),
      missing: [{ name: always[0], outcome: 'absent' }],
      foundThoughNotExpected: ['wtmpdb'],
      notReadInThisRun: [],
    });
    expect(coverageOf(entries, bottlerocket, new Map()).notReadInThisRun).toEqual(always);
    expect(coverageOf([], bottlerocket, new Map()).percent).toBe(100);
  });
});
