import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestProgram } from './program-digest.js';

let root: string;
let nodeBinary: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-program-'));
  nodeBinary = join(root, 'the-node-binary');
  writeFileSync(nodeBinary, 'node');
  for (const folder of ['bin', 'dist/commands/case', 'templates', 'node_modules/x', 'src'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of [
    'bin/run.js',
    'dist/b.js',
    'dist/B.js',
    'dist/commands/case/a.js',
    'templates/t.yaml',
    'package.json',
  ]) {
    writeFileSync(join(root, file), `content of ${file}`);
  }
  writeFileSync(join(root, 'src/not-installed.ts'), 'x');
  writeFileSync(join(root, 'node_modules/x/index.js'), 'x');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the program digest', () => {
  it('is what sha256sum says of the sorted files', async () => {
    cpSync(nodeBinary, join(root, 'node'));
    const script =
      'LC_ALL=C; export LC_ALL; { find bin dist templates -type f; echo node; echo package.json; } | sort | xargs sha256sum | sha256sum';
    const expected = execFileSync('sh', ['-c', script], { cwd: root, encoding: 'utf8' }).split(' ')[0];
    expect(await digestProgram({ root, nodeBinary })).toEqual({ programDigest: expected, programFiles: 7 });
  });

  it('changes with every file, with its name, and with the node binary', async () => {
    const digests = new Set([(await digestProgram({ root, nodeBinary })).programDigest]);
    const changes = [
      () => writeFileSync(join(root, 'dist/b.js'), 'other'),
      () => writeFileSync(join(root, 'dist/added.js'), ''),
      () => writeFileSync(nodeBinary, 'another node'),
      () => writeFileSync(join(root, 'package-lock.json'), '{}'),
    ];
    for (const change of changes) {
      change();
      digests.add((await digestProgram({ root, nodeBinary })).programDigest);
    }
    expect(digests.size).toBe(changes.length + 1);
  });

  it('follows no symbolic link out of the package', async () => {
    const before = await digestProgram({ root, nodeBinary });
    symlinkSync('/etc/passwd', join(root, 'dist/link'));
    expect(await digestProgram({ root, nodeBinary })).toEqual(before);
  });
});
