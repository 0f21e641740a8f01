import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RESULT_SCHEMAS, renderJsonSchemas } from '../../src/cli/json-schemas.js';

const folder = resolve(import.meta.dirname, '../../src/commands');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
);

type FlagTable = Readonly<
  Record<string, { readonly type: string; readonly summary?: string; readonly default?: unknown }>
>;

interface CommandClass {
  readonly summary?: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly flags?: FlagTable;
  readonly baseFlags: FlagTable;
}

describe.each(files)('the command in %s', (file) => {
  const load = async (): Promise<CommandClass> =>
    ((await import(join(folder, file))) as { default: CommandClass }).default;

  it('stays short', () => {
    expect(readFileSync(join(folder, file), 'utf8').split('\n').length).toBeLessThan(120);
  });

  it('has a summary, two examples and its exit codes in the help', async () => {
    const { summary = '', description = '', examples = [] } = await load();
    expect(summary).toMatch(/^[A-Z].*\.$/);
    expect(examples.length).toBeGreaterThanOrEqual(2);
    expect(description).toMatch(/Exit codes[\s\S]*\n {2}0 {2}done\n\s+1 {2}INTERNAL\n\s+2 {2}USAGE_INVALID/);
  });

  it('says of each flag what it does, and gives every switch a value when it is not given', async () => {
    const { flags = {}, baseFlags } = await load();
    const all = Object.entries({ ...baseFlags, ...flags });
    expect(all.filter(([, { summary = '' }]) => !summary.endsWith('.')).map(([name]) => name)).toEqual([]);
    expect(all.filter(([, flag]) => flag.type === 'boolean' && flag.default !== false).map(([name]) => name)).toEqual(
      [],
    );
  });

  it('has a schema for what it prints with --json', () => {
    expect(Object.keys(RESULT_SCHEMAS)).toContain(file.replace(/\.ts$/, '').replaceAll('/', ':'));
  });
});

describe('the JSON schemas', () => {
  it('are one file for each result and one for an error, closed against unknown properties', () => {
    const schemas = renderJsonSchemas();
    expect([...schemas.keys()]).toContain('error.json');
    expect(schemas.size).toBe(Object.keys(RESULT_SCHEMAS).length + 1);
    for (const text of schemas.values())
      expect(JSON.parse(text)).toMatchObject({ type: 'object', additionalProperties: false });
  });
});
