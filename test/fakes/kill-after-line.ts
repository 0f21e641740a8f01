import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Counts the lines after each sync, when whoever wrote them has not heard of it yet. */
const SHIM = `
const { readdirSync, readFileSync } = require('node:fs');
const { open } = require('node:fs/promises');
const { join } = require('node:path');
const cases = join(process.env.EXHIBIT_HOME, 'cases');
const lines = () => {
  let count = 0;
  try {
    for (const name of readdirSync(cases))
      count = Math.max(count, readFileSync(join(cases, name, 'journal.jsonl'), 'latin1').split('\\n').length - 1);
  } catch {}
  return count;
};
open(__filename).then(async (handle) => {
  const prototype = Object.getPrototypeOf(handle);
  for (const name of ['sync', 'datasync']) {
    const own = prototype[name];
    prototype[name] = async function (...args) {
      const result = await own.apply(this, args);
      if (lines() >= Number(process.env.DIE_AFTER_LINE)) process.kill(process.pid, 'SIGKILL');
      return result;
    };
  }
  await handle.close();
});
`;

/** The environment in which the program kills itself as soon as the journal of a case has so many lines on the disk. */
export function dyingAfterLine(directory: string, line: number): Readonly<Record<string, string>> {
  const shim = join(directory, 'die-after-line.cjs');
  if (!existsSync(shim)) writeFileSync(shim, SHIM);
  return { NODE_OPTIONS: `--require=${shim}`, DIE_AFTER_LINE: String(line) };
}

/** Lines of the journal of the one case that has one; 0 = there is none. */
export function journalLines(home: string): readonly { readonly event: string }[] {
  const cases = join(home, 'cases');
  const journals = existsSync(cases) ? readdirSync(cases).map((name) => join(cases, name, 'journal.jsonl')) : [];
  const text = journals.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))[0] ?? '';
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { readonly event: string });
}
