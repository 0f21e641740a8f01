import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { failure, runTool, TOOLS_PATH, unlessAble, type ToolResult } from '../fakes/stock-tools.js';

const PROGRAM = resolve(import.meta.dirname, '../../bin/run.js');
const MACHINE_ID = '0123456789abcdef0123456789abcdef';
/** Any user who is not root; the account `nobody`. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const OFFSET = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'exhibit-user-'));
chmodSync(folder, 0o755);
const home = join(folder, 'home');
mkdirSync(home);
if (isRoot) chownSync(home, NOBODY, NOBODY);

function asUser(script: string): ToolResult {
  const drop = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
  const shell = ['env', '-i', `PATH=${TOOLS_PATH}`, `HOME=${home}`, `EXHIBIT_HOME=${home}/exhibit`, 'sh', '-c', script];
  return isRoot
    ? runTool('setpriv', [...drop, ...shell], { cwd: home })
    : runTool('env', shell.slice(1), { cwd: home });
}

/** Throws where it did not go well, in the tool's own words. */
function done(tool: string, args: readonly string[]): void {
  const run = runTool(tool, args);
  if (run.status !== 0) throw new Error(failure(tool, run));
}

/** A disk with an MBR and one ext4 partition, whose journal holds something, as after a power cut. Throws why it cannot be made. */
function disk(): string {
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'etc'), { recursive: true });
  writeFileSync(join(tree, 'etc/machine-id'), `${MACHINE_ID}\n`);
  writeFileSync(join(tree, 'etc/hostname'), 'worker-3\n');
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  mkdirSync(join(tree, 'root/.ssh'), { recursive: true, mode: 0o700 });
  writeFileSync(join(tree, 'root/.ssh/authorized_keys'), 'ssh-ed25519 AAAA evil\n', { mode: 0o600 });
  const image = join(folder, 'disk');
  const partition = join(folder, 'partition');
  done('truncate', ['-s', '8M', partition]);
  done('mkfs.ext4', ['-q', '-d', tree, partition]);
  done('debugfs', ['-w', '-R', 'feature needs_recovery', partition]);
  const table = Buffer.alloc(OFFSET);
  table[446 + 4] = 0x83;
  table.writeUInt32LE(OFFSET / 512, 446 + 8);
  table.writeUInt32LE((8 * 1024 * 1024) / 512, 446 + 12);
  table.writeUInt16LE(0xaa55, 510);
  const fd = openSync(image, 'w');
  writeSync(fd, table);
  writeSync(fd, readFileSync(partition));
  closeSync(fd);
  // Who could write to it must not, either.
  chmodSync(image, 0o666);
  return image;
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Why it cannot be done; tried whole: FUSE may be closed to users. `null` = it can. */
function problem(): string | null {
  try {
    const image = disk();
    const script = `mkdir m && fuse2fs -o ro,norecovery,fakeroot,offset=${String(OFFSET)} ${image} m && fusermount3 -u m; s=$?; rmdir m; exit $s`;
    const mounted = asUser(script);
    if (mounted.status !== 0) return failure('fuse2fs as an ordinary user', mounted);
    const started = asUser(`'${process.execPath}' '${PROGRAM}' --version`);
    return started.status === 0 ? null : failure('exhibit as an ordinary user', started);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Where root's home is closed and we lie in it, this is no lack of the machine: skipped in CI, too. */
const isReached = asUser(`test -x '${process.execPath}' && test -r '${PROGRAM}'`).status === 0;
const obstacle = isReached ? problem() : `an ordinary user cannot reach ${process.execPath} or ${PROGRAM}`;

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const why = unlessAble(obstacle, isReached ? process.env : {});

describe.skipIf(obstacle !== null)(`a disk image, read by a user who is not root${why}`, () => {
  it('is read as root would, journal and bits untouched, and what did it is recorded', () => {
    const image = disk();
    const before = sha256(image);
    const profile = `apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: { name: ways, title: Ways, description: How the nodes were reached }
collectors: [node-access, os-files]
`;
    writeFileSync(join(home, 'ways.yaml'), profile);
    const run = asUser(`'${process.execPath}' '${PROGRAM}' collect --disk '${image}' --profile ./ways.yaml`);
    expect([run.status, run.stderr]).toEqual([
      expect.toBeOneOf([0, 3]),
      expect.not.stringContaining('not mounted read-only'),
    ]);
    expect(sha256(image)).toBe(before);
    const data = asUser(`cat exhibit/cases/*/exhibits/*/data/derived/nodes/worker-3/access.jsonl`).stdout;
    const { facts } = JSON.parse(data) as {
      facts: { degraded: { reason: string }[]; transport: object; self: object };
    };
    expect(facts).toMatchObject({
      self: { machineId: MACHINE_ID },
      transport: {
        image,
        partition: '1',
        offset: String(OFFSET),
        by: expect.stringMatching(/^fuse2fs -o ro,norecovery,fakeroot; fuse2fs \d/) as string,
      },
    });
    const reasons = facts.degraded.map(({ reason }) => reason);
    expect(reasons).toContain('trusted-xattrs-unreadable');
    expect(reasons).not.toContain('disk-writable');
    // What only the node's root could read is the user's own image.
    const archives = asUser(`find exhibit/cases -name '*.tar' -exec tar -tvf {} \\; | grep authorized_keys`).stdout;
    expect(archives).toContain('root/.ssh/authorized_keys');
    expect(readFileSync('/proc/self/mountinfo', 'latin1')).not.toContain('exhibit-disks');
  });

  it('that is xfs is refused, with the commands that read it', () => {
    const image = join(folder, 'xfs');
    writeFileSync(image, Buffer.concat([Buffer.from('XFSB'), Buffer.alloc(1024 * 1024)]));
    const run = asUser(`'${process.execPath}' '${PROGRAM}' collect --disk '${image}' --node n --json`);
    const { error } = JSON.parse(run.stdout) as { error: object };
    expect(error).toMatchObject({
      code: 'NODE_ACCESS_REFUSED',
      message: expect.stringContaining('only root') as string,
    });
    expect(JSON.stringify(error)).toContain('mount -o ro,norecovery,nouuid,loop');
  });
});
