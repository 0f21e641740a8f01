import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DRIFT_CLASSES, DRIFT_SEVERITIES } from '../../model/drift.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/container-diff.md'), 'utf8');
const COLLECTOR = join(import.meta.dirname, '../../collectors/container-diff');

/** As rules are written: after their key, before their severity in a table, or one of two by what it is. */
const NAMES = [
  /\brule: '([a-z0-9-]+)'/g,
  /'([a-z0-9-]+)',\s+'(?:critical|high|medium|info)'/g,
  /\brule = [^;]*? \? '([a-z-]+)'/g,
  /\brule = [^;]*? : '([a-z-]+)'/g,
  /^ {2}'([a-z-]+)': '[^']+',$/gm,
];

/** Names of rules in the sources, by class. */
function rulesInSources(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const folder of [import.meta.dirname, join(import.meta.dirname, 'rules')])
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
      const text = readFileSync(join(folder, file), 'utf8');
      const names = NAMES.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name));
      const driftClass = /driftClass: '(X\d+)'/.exec(text)?.[1];
      if (driftClass === undefined) expect(names, `${file} names rules and no class`).toEqual([]);
      else found.set(driftClass, new Set([...(found.get(driftClass) ?? []), ...names]));
    }
  return found;
}

/** The row of a class in the page's table: rules by what follows a severity. */
function rulesOnPage(driftClass: string): Set<string> {
  const row = new RegExp(`^\\| ${driftClass} [^|]*\\|(.*)\\|$`, 'm').exec(PAGE)?.[1] ?? '';
  return new Set([...row.matchAll(/`([a-z0-9-]+)`/g)].map(([, name = '']) => name));
}

describe('the page about container diffs', () => {
  it.each(DRIFT_CLASSES)('names every rule of %s, and none that there is not', (driftClass) => {
    const inSources = rulesInSources().get(driftClass) ?? new Set();
    expect(inSources.size).toBeGreaterThan(0);
    expect(rulesOnPage(driftClass)).toEqual(inSources);
  });

  it('gives each rule that has one severity the one that it has', () => {
    const sources = readdirSync(join(import.meta.dirname, 'rules')).map((file) =>
      readFileSync(join(import.meta.dirname, 'rules', file), 'utf8'),
    );
    const severities = new RegExp(`(${DRIFT_SEVERITIES.join('|')}): ([^;|]*)`, 'g');
    const onPage = new Map(
      [...PAGE.matchAll(severities)].flatMap(([, severity = '', rules = '']) =>
        [...rules.matchAll(/`([a-z0-9-]+)`/g)].map(([, rule = '']) => [rule, severity] as const),
      ),
    );
    const inSources = sources.flatMap((text) => [
      ...text.matchAll(/rule: '([a-z0-9-]+)',\s+severity: '([a-z]+)'/g),
      ...text.matchAll(/'([a-z0-9-]+)',\s+'(critical|high|medium|info)'/g),
    ]);
    expect(inSources.length).toBeGreaterThan(40);
    for (const [, rule = '', severity = ''] of inSources) expect([rule, onPage.get(rule)]).toEqual([rule, severity]);
  });

  it('explains every note of an entry, and no other', () => {
    const source = readFileSync(join(COLLECTOR, 'compare-layers.ts'), 'utf8');
    const body = /function notesOf\([^]*?\n\}\n/.exec(source)?.[0] ?? '';
    const used = [...body.matchAll(/\? (?:\[)?'([a-z-]+)'|: '([a-z-]+)'\]/g)].map(
      ([, one, other]) => one ?? other ?? '',
    );
    const [, table = ''] = PAGE.split('| Note | |');
    const explained = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name);
    expect(used.length).toBeGreaterThan(5);
    expect(new Set(explained)).toEqual(new Set(used));
  });
});
