import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';
import { User } from './exhibit.js';

const user = new User();
/** Trusts nobody. */
const stranger = new User();
let archive: string;
let trusting: string[];
const hasSha256sum = hasTool('sha256sum');
/** A file system of its own needs the right to mount one. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

beforeAll(async () => {
  const drill = await user.json('drill', 'run', '--sandbox');
  archive = String(drill.document['archivePath']);
  trusting = ['--allowed-signers', String(drill.document['allowedSigners'])];
});
afterAll(() => {
  user.remove();
  stranger.remove();
});

describe('extract', () => {
  it.skipIf(!hasSha256sum)(`writes files that sha256sum finds good${needs('sha256sum', hasSha256sum)}`, async () => {
    const output = join(user.directory, 'out');
    const extracted = await user.json('extract', archive, '--output', output, ...trusting);
    expect(extracted).toMatchObject({ exitCode: 0, document: { leftOut: 0, report: { verdict: 'VERIFIED' } } });
    expect(documentSchemaOf('extract').safeParse(extracted.document).error).toBeUndefined();
    for (const manifest of ['manifest-sha256.txt', 'tagmanifest-sha256.txt'])
      expect(runTool('sha256sum', ['--strict', '--quiet', '-c', manifest], { cwd: output }).status).toBe(0);
    const executable = runTool('find', [output, '-type', 'f', '-perm', '/111']);
    expect(executable.stdout).toBe('');
    expect(readdirSync(user.directory)).not.toContain('out.partial');
  });

  it('refuses what does not verify, unless the verdict is typed', async () => {
    const output = join(stranger.directory, 'refused');
    const untrusted = ['extract', archive, '--output', output];
    const refused = await stranger.json(...untrusted);
    expect(refused).toMatchObject({ exitCode: 4, document: { error: { code: 'VERIFY_FAILED' } } });
    expect(await stranger.run(...untrusted, '--accept', 'TAMPERED')).toMatchObject({ exitCode: 4 });
    expect(existsSync(output)).toBe(false);
    const accepted = await stranger.json(...untrusted, '--accept', 'UNTRUSTED_SIGNER');
    expect(accepted).toMatchObject({ exitCode: 0, document: { report: { verdict: 'UNTRUSTED_SIGNER' } } });
    const changed = join(user.directory, 'changed.tar.gz');
    const bytes = readFileSync(archive);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(changed, bytes);
    expect(await user.run('extract', changed, '--output', `${output}2`, ...trusting)).toMatchObject({ exitCode: 4 });
    expect(existsSync(`${output}2`)).toBe(false);
  });

  it('takes the payload that is named, and refuses names outside it', async () => {
    const output = join(user.directory, 'some');
    const some = await user.json('extract', archive, '--output', output, '--path', 'data/cluster/', ...trusting);
    expect(some.exitCode).toBe(0);
    expect(readdirSync(join(output, 'data'))).toEqual(['cluster']);
    for (const path of ['../data', 'data/../..', '/etc', 'meta', ''])
      expect(await user.run('extract', archive, '--output', `${output}2`, '--path', path, ...trusting)).toMatchObject({
        exitCode: 2,
      });
  });

  it.skipIf(!mayMount)(
    'leaves nothing on a full disk, and says so (skipped where no file system may be mounted)',
    async () => {
      const disk = join(user.directory, 'disk');
      mkdirSync(disk);
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', disk]);
      try {
        const { bavail, bsize } = statfsSync(disk);
        writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize - 64 * 1024));
        const full = await user.json('extract', archive, '--output', join(disk, 'out'), ...trusting);
        expect(full).toMatchObject({ exitCode: 30, document: { error: { code: 'STORAGE_FULL' } } });
        expect(readdirSync(disk)).toEqual(['ballast']);
        rmSync(join(disk, 'ballast'));
      } finally {
        spawnSync('umount', [disk]);
      }
    },
  );
});
