import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** What a start must not pay for, as the bundler names the origin of each piece in a chunk. */
const HEAVY = [
  'node_modules/asn1js/',
  'node_modules/pkijs/',
  'node_modules/yaml/',
  'node_modules/zod/',
  'src/cluster/',
  'src/collectors/',
  'src/custody/',
  'src/evidence/',
  'src/http/',
  'src/sandbox/',
  'src/workflows/',
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'exhibit-start-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/**
 * Files that a run of the built program loaded, relative to the project. V8's own account of the scripts it compiled: the same on
 * every Node.js, for ESM and CommonJS, and nothing that is traced has to take part in it.
 */
function filesLoadedBy(...args: string[]): string[] {
  const traces = mkdtempSync(join(folder, 'trace-'));
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bin/run.js'), ...args], {
    env: { PATH: process.env['PATH'], HOME: folder, EXHIBIT_HOME: join(folder, 'home'), NODE_V8_COVERAGE: traces },
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return readdirSync(traces).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(traces, name), 'utf8')) as { result: { url: string }[] };
    return result
      .filter(({ url }) => url.startsWith('file:'))
      .map(({ url }) => relative(root, fileURLToPath(url)).replaceAll('\\', '/'));
  });
}

/** Sources that the bundler put into a file of dist/. */
function sourcesIn(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^\/\/ ((?:src|node_modules)\/\S+)$/gm)].map(([, source = '']) => source);
}

function heavyIn(files: readonly string[]): string[] {
  const found = files
    .filter((file) => file.startsWith('dist/'))
    .flatMap((file) => sourcesIn(file).flatMap((source) => HEAVY.filter((prefix) => source.startsWith(prefix))));
  return [...new Set(found)].sort();
}

describe('what starting loads', () => {
  it('--version: nothing but bin', () => {
    expect(filesLoadedBy('--version').sort()).toEqual(['bin/run.js', 'bin/start.js']);
  });

  it.each(['--help', 'collect --help'])('%s: neither cluster, sandbox, evidence nor a parser', (line) => {
    const loaded = filesLoadedBy(...line.split(' '));
    expect(loaded).toContain('dist/cli/main.js');
    expect(heavyIn(loaded)).toEqual([]);
  });

  it('would show each of them: they are in the bundle under these names, and a command that needs them loads them', () => {
    const chunks = readdirSync(join(root, 'dist/chunks')).map((name) => `dist/chunks/${name}`);
    const [bundled, used] = [heavyIn(chunks), heavyIn(filesLoadedBy('drill', 'run', '--sandbox'))];
    expect(HEAVY.filter((name) => !bundled.includes(name))).toEqual([]);
    expect(HEAVY.filter((name) => !used.includes(name))).toEqual([]);
  });

  it('the SDK of a cloud is in the bundle, and a command that talks to no cloud loads none of it', () => {
    const isCloud = (source: string): boolean => /^node_modules\/@(aws-sdk|smithy)\/|^src\/platforms\//.test(source);
    const chunks = readdirSync(join(root, 'dist/chunks')).map((name) => `dist/chunks/${name}`);
    expect(chunks.some((chunk) => sourcesIn(chunk).some(isCloud))).toBe(true);
    const loaded = [
      ['push', '--help'],
      ['case', 'list'],
      ['drill', 'run', '--sandbox'],
    ].flatMap((line) => filesLoadedBy(...line).filter((file) => file.startsWith('dist/')));
    expect(loaded.flatMap((file) => sourcesIn(file).filter(isCloud))).toEqual([]);
  });
});
