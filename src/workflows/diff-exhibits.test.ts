import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { draftOf, factsOf, outcomeOf, planOf } from '../../test/fakes/evidence-case.js';
import { sealedCase, type SealedCase } from '../../test/fakes/sealed-case.js';
import type { ExhibitSpool } from '../evidence/exhibit-spool.js';
import { systemClock } from '../lib/clock.js';
import type { Vantage } from '../model/artifact.js';
import type { DiskExecutable } from '../model/disk-executable.js';
import { diffExhibits, type ExhibitsDiff } from './diff-exhibits.js';

const made: SealedCase[] = [];

afterEach(() => {
  for (const { home } of made.splice(0)) rmSync(home, { recursive: true, force: true });
});

type File = readonly [path: string, differing?: Partial<DiskExecutable>];

function line(vantage: Vantage, [path, differing]: File): string {
  const file: DiskExecutable = {
    path: { b64: Buffer.from(path).toString('base64'), display: path },
    role: 'executable',
    kind: 'elf',
    interpreter: null,
    vantage,
    sizeBytes: 100,
    mode: 0o755,
    uid: 0,
    gid: 0,
    links: 1,
    device: 1,
    inode: 2,
    modified: '1700000000.000000000',
    changed: '1700000000.000000000',
    sha256: 'a'.repeat(64),
    ...differing,
  };
  return `${JSON.stringify(file)}\n`;
}

/** The archive of a package database with this text. */
function apkTar(text: string): Buffer {
  const home = mkdtempSync(join(tmpdir(), 'exhibit-apk-'));
  try {
    mkdirSync(join(home, 'lib/apk/db'), { recursive: true });
    writeFileSync(join(home, 'lib/apk/db/installed'), text);
    return execFileSync('tar', ['-C', home, '-cf', '-', '--format=pax', 'lib/apk/db/installed']);
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** A sealed archive with the inventory of one node, as that vantage shows it. */
async function sealed(vantage: Vantage, files: readonly File[], node = 'node-a', apk = ''): Promise<SealedCase> {
  const one = await sealedCase(async (exhibit: ExhibitSpool) => {
    const artifact = `executables/${node}`;
    await exhibit.plan(planOf(artifact));
    const raw = `data/nodes/${node}/executables/files.nul`;
    const listing = await exhibit.sink.open({ ...draftOf(artifact, raw), vantage });
    await listing.write(Buffer.from('as the node told it'));
    await listing.commit(factsOf(artifact));
    if (apk !== '') {
      const tar = await exhibit.sink.open({
        ...draftOf(artifact, `data/nodes/${node}/os-files/package-database-apk/files.tar`),
        vantage,
      });
      await tar.write(apkTar(apk));
      await tar.commit(factsOf(artifact));
    }
    if (files.length > 0) {
      const path = `data/derived/nodes/${node}/disk-executables.jsonl`;
      const writer = await exhibit.sink.open({ ...draftOf(artifact, path), vantage });
      for (const file of files) await writer.write(Buffer.from(line(vantage, file)));
      await writer.commit({ ...factsOf(artifact), derivedFrom: [raw] });
    }
    await exhibit.outcome(outcomeOf(artifact));
  });
  made.push(one);
  return one;
}

async function compare(a: SealedCase, b: SealedCase, archiveOfB = b.sealed.archivePath): Promise<ExhibitsDiff> {
  const request = ({ trust }: SealedCase, archivePath: string) => ({
    archivePath,
    allowedSigners: { source: 'test', text: trust },
    receiptPath: null,
    requireComplete: false,
  });
  return await diffExhibits(
    { a: request(a, a.sealed.archivePath), b: request(b, archiveOfB), accepted: null },
    { clock: systemClock, scratchDirectory: a.home },
  );
}

const findings = ({ rows }: ExhibitsDiff) =>
  rows.map(({ pathB64, change, findings: found }) => [Buffer.from(pathB64, 'base64').toString(), change, found]);

/** What the disk of a node has, and what its own kernel lets see of it: one file not at all, one with the bytes of its original. */
const DISK: readonly File[] = [
  ['usr/bin/ls'],
  ['usr/lib/implant.so', { role: 'library' }],
  ['usr/sbin/sshd', { sha256: 'b'.repeat(64) }],
];
const LIVE: readonly File[] = [['usr/bin/ls'], ['usr/sbin/sshd'], ['usr/bin/new']];
const HIDDEN_OF_LIVE = [
  ['usr/sbin/sshd', 'content', ['hidden-from-live', 'same-size-and-time', 'changed-content']],
  ['usr/bin/new', 'only-in-a', ['gone']],
];

it('asks the database about the files of both, of which os-files took no digest', async () => {
  const digest = Buffer.alloc(32, 0xaa).toString('base64');
  const apk = `P:p\nV:1\nF:usr/bin\nR:x\nZ:Q2${digest}\n\n`;
  const a = await sealed('offline-disk', [['usr/bin/x']], 'node-a', apk);
  const b = await sealed('offline-disk', [['usr/bin/x', { sha256: 'b'.repeat(64), modified: '1' }]], 'node-a', apk);
  expect(findings(await compare(a, b))).toEqual([
    ['usr/bin/x', 'content', ['differs-from-package', 'changed-content']],
  ]);
});

describe('a disk and its live node', () => {
  it('differ first in what the live node does not show, whichever of them is named first', async () => {
    const disk = await sealed('offline-disk', DISK);
    const live = await sealed('live-kernel', LIVE);
    const liveFirst = await compare(live, disk);
    expect(findings(liveFirst)).toEqual([
      ['usr/lib/implant.so', 'only-in-b', ['hidden-from-live', 'new']],
      ...HIDDEN_OF_LIVE,
    ]);
    expect(liveFirst.compared).toEqual([
      {
        ...{ nodeA: 'node-a', nodeB: 'node-a', vantageA: 'live-kernel', vantageB: 'offline-disk' },
        ...{ filesA: 3, filesB: 3, packagesA: null, packagesB: null },
      },
    ]);
    expect(findings(await compare(disk, live))).toEqual([
      ['usr/lib/implant.so', 'only-in-a', ['hidden-from-live', 'gone']],
      ['usr/sbin/sshd', 'content', ['hidden-from-live', 'same-size-and-time', 'changed-content']],
      ['usr/bin/new', 'only-in-b', ['new']],
    ]);
  });

  it.each(['offline-disk', 'live-kernel'] as const)(
    'nothing is hidden between two of the same vantage: %s',
    async (vantage) => {
      const diff = await compare(await sealed(vantage, DISK), await sealed(vantage, LIVE));
      expect(diff.rows).toHaveLength(3);
      expect(diff.rows.flatMap(({ findings: found }) => found)).not.toContain('hidden-from-live');
    },
  );

  it('a file without a digest on one side, or with other rights, is hidden from nobody', async () => {
    const disk = await sealed('offline-disk', [
      ['a', { sha256: null }],
      ['b', { mode: 0o4755 }],
    ]);
    const diff = await compare(await sealed('live-kernel', [['a'], ['b']]), disk);
    expect(findings(diff)).toEqual([
      ['b', 'rights', ['set-id', 'changed-rights']],
      ['a', 'unknown', []],
    ]);
  });
});

describe('two archives', () => {
  it('are paired by node only where there is more than one', async () => {
    const diff = await compare(await sealed('offline-disk', DISK, 'a'), await sealed('offline-disk', DISK, 'b'));
    expect(diff.compared).toMatchObject([{ nodeA: 'a', nodeB: 'b' }]);
    expect(diff.rows).toEqual([]);
  });

  it('are not compared where one was changed, or has no inventory', async () => {
    const disk = await sealed('offline-disk', DISK);
    const changed = join(disk.home, 'changed.tar.gz');
    copyFileSync(disk.sealed.archivePath, changed);
    appendFileSync(changed, 'x');
    await expect(compare(disk, disk, changed)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    truncateSync(changed, 100);
    await expect(compare(disk, disk, changed)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    const none = await sealed('offline-disk', []);
    await expect(compare(disk, none)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});
