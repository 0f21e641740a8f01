import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfigFile } from './config-file.js';
import { resolveSetting } from './settings.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-config-'));
  path = join(directory, 'config.yaml');
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(text: string, mode = 0o600): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

const invalid = expect.objectContaining({ code: 'CONFIG_INVALID', exitCode: 2 }) as Error;

describe('the configuration file', () => {
  it('is optional', () => {
    expect(readConfigFile(path)).toEqual({});
    write('# nothing\n');
    expect(readConfigFile(path)).toEqual({});
  });

  it('holds defaults of flags', () => {
    write('context: prod\nidleTimeout: 90s\n');
    expect(readConfigFile(path)).toEqual({ context: 'prod', idleTimeout: '90s' });
  });

  it.each([0o620, 0o602, 0o666])(
    'is refused with mode %o: somebody else could choose the key and the trust list',
    (mode) => {
      write('context: prod\n', mode);
      expect(() => readConfigFile(path)).toThrow(invalid);
    },
  );

  it.each([
    ['an unknown key', 'tokn: x\n'],
    ['a duplicate key', 'context: a\ncontext: b\n'],
    ['a value of another type', 'context: [a]\n'],
    ['an alias', 'context: &a x\nprofile: *a\n'],
    ['no YAML', '{\n'],
    ['more than 64 KiB', `context: ${'x'.repeat(70_000)}\n`],
  ])('is refused with %s', (_what, text) => {
    write(text);
    expect(() => readConfigFile(path)).toThrow(invalid);
  });

  it('is refused when it is a folder', () => {
    mkdirSync(path, { mode: 0o700 });
    expect(() => readConfigFile(path)).toThrow(invalid);
  });
});

describe('precedence', () => {
  it('is flag, environment, case file, config file, default', () => {
    const all = { flag: 1, environment: 2, case: 3, config: 4, default: 5 };
    expect(resolveSetting(all)).toEqual({ value: 1, origin: 'flag' });
    expect(resolveSetting({ ...all, flag: undefined })).toEqual({ value: 2, origin: 'environment' });
    expect(resolveSetting({ ...all, flag: undefined, environment: undefined })).toEqual({ value: 3, origin: 'case' });
    expect(resolveSetting({ config: 4, default: 5 })).toEqual({ value: 4, origin: 'config' });
    expect(resolveSetting({ default: 5 })).toEqual({ value: 5, origin: 'default' });
  });
});
