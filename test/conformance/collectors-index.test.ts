import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const script = readFileSync(join(root, 'scripts/generate-collectors.js'), 'utf8');

/** A project of its own with the script and these collectors. */
function project(...ids: string[]): {
  generate: (...flags: string[]) => number | null;
  index: string;
  add: (id: string) => void;
  remove: () => void;
} {
  const directory = mkdtempSync(join(tmpdir(), 'collectors-'));
  const add = (id: string): void => {
    mkdirSync(join(directory, 'src/collectors', id), { recursive: true });
    writeFileSync(join(directory, 'src/collectors', id, 'collector.ts'), '');
  };
  mkdirSync(join(directory, 'scripts'));
  mkdirSync(join(directory, 'src/collectors/no-collector'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(join(directory, 'scripts/generate-collectors.js'), script);
  ids.forEach(add);
  return {
    generate: (...flags) =>
      spawnSync(process.execPath, [join(directory, 'scripts/generate-collectors.js'), ...flags]).status,
    index: join(directory, 'src/collectors/index.gen.ts'),
    add,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

describe('the index of collectors', () => {
  it('is what the folders make it', () => {
    expect(spawnSync(process.execPath, [join(root, 'scripts/generate-collectors.js'), '--check']).status).toBe(0);
  });

  it('is sorted, knows only folders that hold a collector, and notices a new one', () => {
    const made = project('pod-logs', 'events');
    try {
      expect(made.generate('--check')).toBe(1);
      expect(made.generate()).toBe(0);
      const text = readFileSync(made.index, 'utf8');
      expect(text).toContain(
        "import { collector as events } from './events/collector.js';\nimport { collector as podLogs } from './pod-logs/collector.js';",
      );
      expect(text).not.toContain('no-collector');
      expect(made.generate('--check')).toBe(0);
      made.add('added');
      expect(made.generate('--check')).toBe(1);
    } finally {
      made.remove();
    }
  });
});
