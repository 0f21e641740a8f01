import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { diskRung } from '../../src/node-access/disk-rung.js';
import { failure, runTool, unlessAble } from '../fakes/stock-tools.js';

const folder = mkdtempSync(join(tmpdir(), 'exhibit-image-'));
const node = { name: 'node-a', uid: '', machineId: '', ready: true };
const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
const MACHINE_ID = '0123456789abcdef0123456789abcdef';

/** Why nothing is mounted here; it is tried: root may lack the right, as in a container. `null` = all is well. */
function problem(): string | null {
  const image = join(folder, 'probe');
  closeSync(openSync(image, 'w'));
  mkdirSync(join(folder, 'mnt'));
  const steps = [
    ['truncate', ['-s', '1M', image]],
    ['mkfs.ext4', ['-q', image]],
    ['mount', ['-o', 'ro,loop,noload', image, join(folder, 'mnt')]],
    ['umount', [join(folder, 'mnt')]],
  ] as const;
  for (const [tool, args] of steps) {
    const tried = runTool(tool, args);
    if (tried.status !== 0) return failure(tool, tried);
  }
  return null;
}

const obstacle = problem();
const why = unlessAble(obstacle);
const hasXfs = runTool('mkfs.xfs', ['-V']).status === 0;

function tree(): string {
  const path = join(folder, 'tree');
  mkdirSync(join(path, 'etc'), { recursive: true });
  writeFileSync(join(path, 'etc/machine-id'), `${MACHINE_ID}\n`);
  writeFileSync(join(path, 'etc/os-release'), 'ID=test\n');
  return path;
}

function sparse(path: string, sizeBytes: number): void {
  const fd = openSync(path, 'w');
  ftruncateSync(fd, sizeBytes);
  closeSync(fd);
}

function ext4(name: string): string {
  const path = join(folder, name);
  sparse(path, 8 * 1024 * 1024);
  expect(runTool('mkfs.ext4', ['-q', '-d', join(folder, 'tree'), path]).status).toBe(0);
  return path;
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

async function look(path: string) {
  const access = await diskRung(path, options).open(node, new AbortController().signal);
  const chunks: Buffer[] = [];
  try {
    await access.run(
      { name: 'look', script: 'cat "$ROOT/etc/machine-id"' },
      { chunk: (bytes) => void chunks.push(bytes) },
    );
    return { facts: access.facts, text: Buffer.concat(chunks).toString().trim() };
  } finally {
    await access.close();
  }
}

describe.skipIf(obstacle !== null)(`a disk image${why}`, () => {
  beforeAll(() => {
    tree();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('is read where it lies, and no bit of it changes, although its journal was not replayed', async () => {
    const image = ext4('dirty');
    // As after a power cut: the journal holds something.
    expect(runTool('debugfs', ['-w', '-R', 'feature needs_recovery', image]).status).toBe(0);
    const before = sha256(image);
    const { facts, text } = await look(image);
    expect(text).toBe(MACHINE_ID);
    expect(facts).toMatchObject({
      vantage: 'offline-disk',
      self: { machineId: MACHINE_ID },
      transport: { image, partition: '0', filesystem: 'ext4' },
    });
    expect(facts.degraded.map(({ reason }) => reason)).not.toContain('disk-writable');
    expect(sha256(image)).toBe(before);
  });

  it('leaves no mount behind', async () => {
    await look(ext4('once'));
    expect(readFileSync('/proc/self/mountinfo', 'latin1')).not.toContain(`/run/exhibit-disks/${String(process.pid)}-`);
    expect(readdirSync('/run/exhibit-disks').filter((name) => name.startsWith(String(process.pid)))).toStrictEqual([]);
  });

  it('is found in its partition, past a smaller one that is no root', async () => {
    const boot = join(folder, 'boot');
    sparse(boot, 1024 * 1024);
    expect(runTool('mkfs.ext4', ['-q', boot]).status).toBe(0);
    const root = ext4('root');
    const disk = join(folder, 'disk');
    sparse(disk, 20 * 1024 * 1024);
    const table = Buffer.alloc(512);
    for (const [index, first, sectors] of [
      [0, 2048, 2048],
      [1, 8192, 16_384],
    ] as const) {
      table[446 + index * 16 + 4] = 0x83;
      table.writeUInt32LE(first, 446 + index * 16 + 8);
      table.writeUInt32LE(sectors, 446 + index * 16 + 12);
    }
    table.writeUInt16LE(0xaa55, 510);
    const fd = openSync(disk, 'r+');
    writeSync(fd, table, 0, 512, 0);
    writeSync(fd, readFileSync(boot), 0, undefined, 2048 * 512);
    writeSync(fd, readFileSync(root), 0, undefined, 8192 * 512);
    closeSync(fd);
    const before = sha256(disk);
    const { facts, text } = await look(disk);
    expect(text).toBe(MACHINE_ID);
    expect(facts.transport).toMatchObject({ partition: '2', offset: String(8192 * 512) });
    expect(sha256(disk)).toBe(before);
  });

  it.skipIf(!hasXfs)(`may be xfs${hasXfs ? '' : ' (skipped: mkfs.xfs is not installed)'}`, async () => {
    const image = join(folder, 'xfs');
    const proto = join(folder, 'proto');
    writeFileSync(
      proto,
      `/\n0 0\nd--755 0 0\netc d--755 0 0\nmachine-id ---644 0 0 ${join(folder, 'tree/etc/machine-id')}\n$\n$\n`,
    );
    expect(runTool('mkfs.xfs', ['-q', '-d', `file,name=${image},size=320m`, '-p', proto]).status).toBe(0);
    const before = sha256(image);
    const { facts, text } = await look(image);
    expect(text).toBe(MACHINE_ID);
    expect(facts.transport).toMatchObject({ filesystem: 'xfs' });
    expect(sha256(image)).toBe(before);
  });

  it('that holds nothing we can mount is refused, and what it holds is named', async () => {
    const image = join(folder, 'luks');
    sparse(image, 1024 * 1024);
    const fd = openSync(image, 'r+');
    writeSync(fd, Buffer.from('LUKS\xba\xbe', 'latin1'), 0, 6, 0);
    closeSync(fd);
    await expect(look(image)).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: 'image-unsupported' });
    const broken = join(folder, 'broken');
    copyFileSync(ext4('good'), broken);
    const half = openSync(broken, 'r+');
    ftruncateSync(half, 4096);
    closeSync(half);
    await expect(look(broken)).rejects.toMatchObject({ code: 'NODE_ACCESS_REFUSED', subject: 'image-mount-failed' });
  });
});
