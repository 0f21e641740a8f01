import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoltBucket } from '../../src/lib/bolt/bolt-bucket.js';
import { BoltDatabase, type CarvedPage } from '../../src/lib/bolt/bolt-database.js';
import { fileAccess } from '../fakes/file-access.js';
import { hasTool, needs } from '../fakes/stock-tools.js';

const hasGo = hasTool('go', ['version']);
const folder = mkdtempSync(join(tmpdir(), 'exhibit-bolt-'));
const program = join(folder, 'bolt');

/** With the machine's environment: Go has its caches in the home directory. */
function run(file: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
  return stdout;
}

/** In the form in which the Go program prints what bbolt reads. */
function dump(bucket: BoltBucket, prefix = ''): string[] {
  const lines: string[] = [];
  for (const entry of bucket.entries()) {
    const name = prefix + entry.key.toString('hex');
    if (entry.bucket === undefined) lines.push(`${name} ${createHash('sha256').update(entry.value).digest('hex')}`);
    else lines.push(`${name}/`, ...dump(entry.bucket, `${name}/`));
  }
  return lines;
}

async function read<T>(name: string, look: (database: BoltDatabase) => T | Promise<T>): Promise<T> {
  const source = fileAccess(join(folder, name));
  try {
    return await look(new BoltDatabase(source));
  } finally {
    source.close();
  }
}

async function pagesOf(database: BoltDatabase): Promise<CarvedPage[]> {
  const pages: CarvedPage[] = [];
  for await (const page of database.carve()) pages.push(page);
  return pages;
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe.skipIf(!hasGo)(`what bbolt wrote${needs('go', hasGo)}`, () => {
  beforeAll(() => {
    run('go', ['build', '-o', program, '.'], join(import.meta.dirname, 'bolt'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(['small', 'nested', 'overflow', 'churn', 'churn-nofreelist'])(
    'is read as bbolt reads it: %s',
    async (name) => {
      run(program, ['make', name, name]);
      const theirs = linesOf(run(program, ['dump', name]));
      const ours = await read(name, (database) => ({ lines: dump(database.root), problems: database.problems }));
      expect(theirs.length).toBeGreaterThan(3);
      expect(ours).toStrictEqual({ lines: theirs, problems: [] });
    },
  );

  it.each(['churn', 'churn-nofreelist'])(
    'gives back what was deleted, and nothing of it is in a bucket: %s',
    async (name) => {
      const file = `${name}.carved`;
      run(program, ['make', file, name]);
      const living = new Set(
        linesOf(run(program, ['dump', file])).map((line) => line.split(/[/ ]/).slice(1).join(' ')),
      );
      const carved = await read(file, async (database) =>
        (await pagesOf(database)).flatMap(({ entries }) =>
          entries.map(
            ({ key, value }) =>
              `${key.toString('hex')} ${createHash('sha256')
                .update(value ?? '')
                .digest('hex')}`,
          ),
        ),
      );
      const lost = carved.filter((entry) => !living.has(entry));
      expect(lost.length).toBeGreaterThan(100);
    },
  );

  it('in a copy torn by the writer is reported where it is lost, and never invented', async () => {
    run(program, ['make', 'live', 'churn']);
    const before = linesOf(run(program, ['dump', 'live']));
    run(program, ['torn', 'live', 'copy']);
    const after = linesOf(run(program, ['dump', 'live']));
    const known = new Set([...before, ...after]);
    const copy = await read('copy', (database) => ({ lines: dump(database.root), problems: database.problemCount }));
    const kept = copy.lines.filter((line) => known.has(line));
    // Values between the two moments were written and deleted again; what is neither is at most those.
    expect(kept.length).toBeGreaterThan(copy.lines.length / 2);
    expect(copy.lines.length < before.length ? copy.problems : 1).toBeGreaterThan(0);
    expect(readFileSync(join(folder, 'copy')).length).toBeGreaterThan(0);
  });
});
