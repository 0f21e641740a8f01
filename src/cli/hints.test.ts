import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_TABLE } from '../model/errors.js';

const root = resolve(import.meta.dirname, '../..');
const paths = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(ending));
const sources = paths('src', '.ts')
  .filter((path) => !path.endsWith('.test.ts') && !/^(?:sandbox\/|evidence\/verify-guide-scripts)/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }));

/** `case open`, `seal`, and what the framework adds. */
const commands = new Set([
  ...paths('src/commands', '.ts')
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => path.slice(0, -3).replaceAll('/', ' ')),
  'help',
  'autocomplete',
]);

function isCommand(words: string): boolean {
  const [first = '', second = ''] = words.split(' ');
  return commands.has(`${first} ${second}`) || commands.has(first);
}

/** Where a command is told to be run: at the beginning of a text, or after a word that introduces one. */
const TOLD = /(?:['"`]|: |[Rr]un |then |or |Next: )exhibit ([a-z]+(?: [a-z]+)?)/g;

describe('what remedies and hints tell a user to run', () => {
  it('exists', () => {
    const told = sources.flatMap(({ path, text }) =>
      [...text.matchAll(TOLD)].map(([, words = '']) => ({ path, words })),
    );
    expect(told.length).toBeGreaterThan(30);
    expect(told.filter(({ words }) => !isCommand(words))).toEqual([]);
  });

  it('exists in the table of errors, wherever it stands in a sentence', () => {
    const told = Object.values(ERROR_TABLE).flatMap(({ remedy }) => [
      ...remedy.matchAll(/\bexhibit ([a-z]+(?: [a-z]+)?)/g),
    ]);
    expect(told.map(([, words = '']) => words).filter((words) => !isCommand(words))).toEqual([]);
  });

  it('names only templates that are shipped', () => {
    const named = sources.flatMap(({ text }) =>
      [...text.matchAll(/templates\/[a-z][a-z0-9./-]*[a-z0-9]/g)].map(([path]) => path),
    );
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
