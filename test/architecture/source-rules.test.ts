import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Project-relative paths under `folder` that match, bytewise sorted, without fixtures and generated files. */
function files(folder: string, pattern: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .map((name) => (folder === '.' ? name : `${folder}/${name}`))
    .filter((path) => pattern.test(path) && !/\/fixtures\/|\/node_modules\/|\.gen\.ts$/.test(path))
    .sort();
}

const lines = (path: string): string[] => readFileSync(join(root, path), 'utf8').replace(/\n$/, '').split('\n');
const longerThan = (paths: string[], cap: number): string[] =>
  paths
    .map((path) => [path, lines(path).length] as const)
    .filter(([, count]) => count > cap)
    .map(([path, count]) => `${path}: ${count}`);

/** `path:line: text` of each line that matches. */
function matching(paths: string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    lines(path)
      .map((text, index) => ({ text, at: `${path}:${index + 1}: ${text.trim()}` }))
      .filter(({ text }) => pattern.test(text))
      .map(({ at }) => at),
  );
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');
const sources = files('src', /\.ts$/);
const production = sources.filter((path) => !isTest(path));
const tests = [...sources.filter(isTest), ...files('test', /\.ts$/)];
const scripts = [...files('scripts', /\.js$/), ...files('bin', /\.js$/)];
const everything = [...production, ...tests, ...scripts, ...files('.', /\.([cm]?js|ts)$/)];
const self = 'test/architecture/source-rules.test.ts';

describe('the size of files', () => {
  it('looks at the real tree', () => {
    expect(production).toContain('src/model/errors.ts');
    expect(tests).toContain(self);
  });

  it('caps sources at 300 lines, tests at 600, commands at 120, scripts at 300', () => {
    expect([
      ...longerThan(production, 300),
      ...longerThan(tests, 600),
      ...longerThan(
        production.filter((path) => path.startsWith('src/commands/')),
        120,
      ),
      ...longerThan(scripts, 300),
    ]).toEqual([]);
  });

  it('keeps the median source file small', () => {
    const sizes = production.map((path) => lines(path).length).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(120);
  });
});

describe('names', () => {
  it('are kebab-case', () => {
    expect(production.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(basename(path)))).toEqual([]);
  });

  it('say what a file does', () => {
    expect(sources.filter((path) => /(^|[/-])(utils?|helpers?|common|misc|manager|service)[./-]/.test(path))).toEqual(
      [],
    );
  });
});

describe('what must not be left behind', () => {
  it('no test is skipped, focused or left for later', () => {
    const others = tests.filter((path) => path !== self);
    expect(matching(others, /\b(it|test|describe)\.(skip|only|todo|fails)\b(?!If)/)).toEqual([]);
  });

  it('every switched-off check gives its reason', () => {
    const others = everything.filter((path) => path !== self);
    expect(matching(others, /eslint-disable(?!.*\s--\s\S)|@ts-(ignore|nocheck)|@ts-expect-error(?!.*\S{3})/)).toEqual(
      [],
    );
    expect(matching(others, /prettier-ignore|(v8|c8|istanbul) ignore(?!.*\s--\s)/)).toEqual([]);
  });

  it('nothing is promised for later', () => {
    const others = everything.filter((path) => path !== self && !path.startsWith('scripts/'));
    expect(matching(others, /\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented/)).toEqual([]);
  });

  it('no path of one machine', () => {
    // The folder of this very checkout, wherever it is, and people's homes.
    const checkout = root.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const home = new RegExp(`/home/[a-z]+/|/Users/[a-z]+/|(?<![\\w.-])${checkout}(?![\\w-])`);
    const others = everything.filter((path) => path !== self);
    const suspicious = matching(others, home).filter(
      (line) => !/test\.ts:\d+:/.test(line) || line.includes(`${root}/`),
    );
    expect(suspicious).toEqual([]);
  });
});

describe('layout', () => {
  it('every collector folder has its definition and a test', () => {
    const inFolders = sources.filter((path) => /^src\/collectors\/[^/]+\//.test(path));
    const folders = new Set(inFolders.map((path) => path.split('/').slice(0, 3).join('/')));
    const incomplete = [...folders].filter(
      (path) =>
        !existsSync(join(root, path, 'collector.ts')) ||
        !inFolders.some((file) => file.startsWith(`${path}/`) && isTest(file)),
    );
    expect(incomplete).toEqual([]);
  });

  it('model and ports import no framework but zod', () => {
    const models = production.filter((path) => /^src\/(model|ports)\//.test(path));
    expect(matching(models, /from '(?!\.|zod')/)).toEqual([]);
  });
});
