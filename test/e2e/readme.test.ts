import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const temporary = mkdtempSync(join(tmpdir(), 'readme-'));

interface Block {
  readonly words: readonly string[];
  readonly text: string;
}

/** `sh` blocks with what stands behind the language: how they are meant to be run. */
const blocks: readonly Block[] = [...readme.matchAll(/^```sh(.*)\n([\s\S]*?)^```$/gm)].map(
  ([, info = '', text = '']) => ({
    words: info
      .trim()
      .split(/\s+/)
      .filter((word) => word !== ''),
    text,
  }),
);
const KINDS = ['runnable', 'fresh-clone', 'needs-cluster', 'needs-services', 'needs-publication'];
const option = (block: Block, name: string): string | undefined =>
  block.words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** One shell for all blocks, as a reader would have; each says the status that its last command ended with. */
function transcript(runnable: readonly Block[]): { readonly statuses: readonly number[]; readonly output: string } {
  // Where no status is promised every single command must succeed, not only the last one.
  const strict = (block: Block): string => (option(block, 'exit') === undefined ? 'set -e' : 'set +e');
  const parts = runnable.map(
    (block, index) => `${strict(block)}\n${block.text}\nprintf '\\nblock ${index} ended with %d\\n' $?`,
  );
  const { stdout, stderr } = spawnSync('bash', ['-c', parts.join('\n')], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: temporary, TMPDIR: temporary, LC_ALL: 'C', NO_COLOR: '1' },
  });
  const statuses = [...stdout.matchAll(/^block \d+ ended with (\d+)$/gm)].map(([, status]) => Number(status));
  return { statuses, output: `${stdout}\n${stderr}` };
}

afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

describe('the README', () => {
  it('begins with the two commands that a stranger tries', () => {
    expect(blocks[0]?.text).toMatch(/^npm run demo.*\nnpm test/);
  });

  it('stays short', () => {
    expect(readme.split('\n').length).toBeLessThan(250);
  });

  it('says of each block of commands how it is meant to be run', () => {
    expect(blocks.filter((block) => !KINDS.includes(block.words[0] ?? '')).map((block) => block.text)).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('links only to files that exist', () => {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      'docs/architecture.md',
      'docs/evidence-format.md',
      'docs/proven.md',
      'docs/runbooks/first-collection.md',
    ];
    const broken = pages.flatMap((page) => {
      const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
        ([, link]) => link ?? '',
      );
      return links.filter((link) => !existsSync(join(root, dirname(page), link))).map((link) => `${page}: ${link}`);
    });
    expect(broken).toEqual([]);
  });

  it('promises only what happens: every runnable block ends as it says', { timeout: 120_000 }, () => {
    const runnable = blocks.filter((block) => block.words[0] === 'runnable');
    const possible = runnable.filter((block) => (option(block, 'needs')?.split(',') ?? []).every(has));
    expect(possible.length).toBeGreaterThan(0);
    const { statuses, output } = transcript(possible);
    expect(statuses, output).toEqual(possible.map((block) => Number(option(block, 'exit') ?? 0)));
  });
});
