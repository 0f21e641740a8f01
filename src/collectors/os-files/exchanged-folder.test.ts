import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/fakes/fake-cluster-run.js';
import { before, derivedOf, takeFromDisk } from '../../../test/fakes/os-files-run.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { folderLines, folderLinesBytes } from './folder-lines.js';

let root: string;
let outside: string;
const put = (top: string, path: string, content: string): void => {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), content);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-exchanged-'));
  outside = mkdtempSync(join(tmpdir(), 'exhibit-outside-'));
  put(root, 'etc/passwd', 'root:x:0:0::/root:/bin/sh\n');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
});

/** Before the content is read `<root>/<at>` becomes a link to outside; with `back` it is the folder again before the second listing. */
function exchange(at: string, back: boolean): (access: NodeAccess) => NodeAccess {
  let isExchanged = false;
  const there = before(/os-files-(?:content|sha256)$/, () => {
    renameSync(join(root, at), join(root, 'kept'));
    symlinkSync(outside, join(root, at));
    isExchanged = true;
  });
  const andBack = before(/os-files-list-/, () => {
    if (!isExchanged || !back) return;
    rmSync(join(root, at));
    renameSync(join(root, 'kept'), join(root, at));
  });
  return (access) => andBack(there(access));
}

describe('a folder that is exchanged for a link between listing and reading', () => {
  it.each([
    ['cron', 'etc/cron.d', 'job', false],
    ['cron', 'etc/cron.d', 'job', true],
    ['ssh-users', 'root', '.ssh/authorized_keys', false],
    ['ssh-users', 'root', '.ssh/authorized_keys', true],
    ['private-keys', 'etc/ssh', 'ssh_host_ed25519_key', false],
    ['private-keys', 'etc/ssh', 'ssh_host_ed25519_key', true],
    ['kubernetes-certificates', 'etc/kubernetes', 'pki/ca.crt', true],
  ])('%s: nothing of what %s leads to then is taken (%s, and back: %s)', async (name, at, file, back) => {
    put(root, `${at}/${file}`, 'ours');
    put(outside, file, 'OF THE ANALYST');
    const run = await takeFromDisk(root, name, exchange(at, back));
    expect(outcomeOf(run, `os-files/node-1/${name}`)).toMatchObject({
      outcome: 'partial',
      reason: 'changed-during-read',
      proof: { read: 0, notRead: 1 },
    });
    expect(derivedOf(run, name)).toMatchObject([{ content: 'not-readable' }]);
    const foreign = createHash('sha256').update('OF THE ANALYST').digest('hex');
    for (const item of run.sink.items) {
      expect(item.bytes.includes('OF THE ANALYST')).toBe(false);
      expect(item.bytes.includes(foreign)).toBe(false);
    }
  });

  it('does not cost what is elsewhere', async () => {
    put(root, 'etc/cron.d/job', 'ours');
    put(root, 'etc/cron.daily/other', 'kept');
    put(outside, 'job', 'OF THE ANALYST');
    const run = await takeFromDisk(root, 'cron', exchange('etc/cron.d', false));
    expect(derivedOf(run, 'cron').map((line) => line['content'])).toEqual(['not-readable', 'taken']);
  });

  it.each([
    ['cron', 'etc/cron.d/job'],
    ['private-keys', 'etc/ssh/ssh_host_ed25519_key'],
  ])('%s: neither is a file that became a link', async (name, path) => {
    put(root, path, 'ours');
    put(outside, 'secret', 'OF THE ANALYST');
    const swap = (): void => {
      rmSync(join(root, path));
      symlinkSync(join(outside, 'secret'), join(root, path));
    };
    const run = await takeFromDisk(root, name, before(/os-files-(?:content|sha256)$/, swap));
    const foreign = createHash('sha256').update('OF THE ANALYST').digest('hex');
    for (const item of run.sink.items) {
      expect(item.bytes.includes('OF THE ANALYST')).toBe(false);
      expect(item.bytes.includes(foreign)).toBe(false);
    }
  });
});

describe('names of folders and files as a script is given them', () => {
  /** Without NUL and slash, which no name has. */
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x5c : byte))).toString('latin1'))
    .filter((text) => text !== '.' && text !== '..');

  it('come out of a shell as the bytes that they are', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 8 }), (pairs) => {
        const paths = pairs.map(([folder, file]) => `/${folder}/${file}`);
        const script = String.raw`tab=$(printf '\t'); while IFS= read -r line; do case $line in
          D*) line=${'$'}{line#D}; printf 'D%b\0' "${'$'}{line%%"$tab"*}" ;; F*) printf 'F%b\0' "${'$'}{line#F}" ;; esac; done`;
        const out = execFileSync('sh', ['-c', script], { input: folderLines(paths) }).toString('latin1');
        let folder = '';
        const read = out.split('\0').flatMap((field) => {
          if (field.startsWith('D')) folder = field.slice(1);
          return field.startsWith('F') ? [`${folder}/${field.slice(1)}`] : [];
        });
        expect(read.toSorted()).toEqual(paths.toSorted());
        const bound = paths.reduce((sum, path) => sum + folderLinesBytes(path), 0);
        expect(folderLines(paths).length).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 40 },
    );
  });

  it('keep their names in the archive, whatever tar thinks of them', async () => {
    const strange = ['a&b\\1,c;s', '-C', 'two\nlines', '\\L%f', '\xff\xfe', ' ', 'D', '~', '..x'];
    for (const folder of strange)
      for (const file of strange) {
        const path = Buffer.from(`${root}/etc/systemd/${folder}/${file}`, 'latin1');
        mkdirSync(Buffer.from(`${root}/etc/systemd/${folder}`, 'latin1'), { recursive: true });
        writeFileSync(path, 'x');
      }
    const run = await takeFromDisk(root, 'systemd-units');
    expect(outcomeOf(run, 'os-files/node-1/systemd-units')).toMatchObject({
      outcome: 'collected',
      proof: { read: strange.length ** 2, notRead: 0 },
    });
    const files = derivedOf(run, 'systemd-units').filter((line) => line['type'] === 'file');
    expect(files.every((line) => line['content'] === 'taken')).toBe(true);
    const listed = execFileSync('tar', ['-tf', '-'], {
      input: run.sink.at('data/nodes/node-1/os-files/systemd-units/files.tar').bytes,
    });
    expect(listed.toString().trimEnd().split('\n')).toHaveLength(strange.length ** 2);
  });
});
