import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../../test/fakes/archive-builder.js';
import { canMountOverlay, OverlayContainer } from '../../test/fakes/overlay-container.js';
import { diffOverlay, diffSourceOf, DIFF_FOLDER } from '../../test/fakes/overlay-diff.js';
import type { FakeRun } from '../../test/fakes/fake-cluster-run.js';
import { NOW_MS } from '../../test/fakes/verify-bytes.js';
import { diff, type DiffReport } from './diff.js';

const key = generateKeyPairSync('ed25519').privateKey;
const made: OverlayContainer[] = [];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-diff-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  for (const one of made.splice(0)) one.remove();
});

function container(image: readonly string[], inside: string): OverlayContainer {
  const one = new OverlayContainer({ image, inside });
  made.push(one);
  return one;
}

/** Seals what the collector took, and says what its container has that its image has not. */
async function found({ sink }: FakeRun): Promise<DiffReport> {
  const payload = sink.items.map(({ draft, facts, bytes }) => ({
    path: draft.path,
    bytes,
    artifact: 'one',
    ...(facts.derivedFrom === undefined ? {} : { derivedFrom: facts.derivedFrom }),
  }));
  const archivePath = join(directory, 'archive.tar.gz');
  writeFileSync(archivePath, gzipOf(packBag(sealedBag(key, { payload }))));
  const allowedSigners = { source: 'test', text: allowedSignersOf(key) };
  return await diff(
    {
      archive: { archivePath, allowedSigners, receiptPath: null, requireComplete: false },
      container: null,
      classes: [],
      isAll: true,
      accepted: null,
    },
    { clock: { nowMs: () => NOW_MS, monoUs: () => 0, bootId: () => 'x' }, scratchDirectory: directory },
  );
}

function rowAt({ rows }: DiffReport, path: string) {
  const row = rows.find(({ entry }) => entry?.path === path) ?? expect.fail(`no ${path}`);
  return { ...row, rules: row.findings.map(({ rule, severity }) => `${rule}:${severity}`) };
}

/** Bash: installs a package as dpkg leaves it, its files being there already. */
const DPKG = `
installed() { name=$1 version=$2; shift 2
  printf 'Package: %s\\nStatus: install ok installed\\nVersion: %s\\n\\n' "$name" "$version" >> var/lib/dpkg/status
  for file; do printf '%s  %s\\n' "$(md5sum < "$file" | cut -d' ' -f1)" "$file"; done > "var/lib/dpkg/info/$name.md5sums"; }
`;
const IMAGE = [
  `${DPKG} mkdir -p usr/bin var/lib/dpkg/info; echo old > usr/bin/ls; echo cat > usr/bin/cat; chmod 755 usr/bin/*
   installed coreutils 9.0 usr/bin/ls usr/bin/cat`,
  // A later layer upgraded it: its list counts.
  `${DPKG} mkdir -p usr/bin var/lib/dpkg/info; echo ls > usr/bin/ls; echo cat > usr/bin/cat; chmod 755 usr/bin/*
   installed coreutils 9.1 usr/bin/ls usr/bin/cat`,
];

describe.skipIf(!canMountOverlay())('packages of a container (only where overlays can be mounted)', () => {
  it('say whose a changed file is, and lower what the container installed by its package manager one step', async () => {
    const one = container(
      IMAGE,
      `${DPKG} echo evil > usr/bin/ls; rm usr/bin/cat; echo '#!/bin/implant' > usr/bin/implant
       echo '#!/bin/curl' > usr/bin/curl; chmod 755 usr/bin/*; installed curl 8.1 usr/bin/curl`,
    );
    const run = await diffOverlay(async () => one.access);
    expect(diffSourceOf(run).packages).toEqual({
      path: `${DIFF_FOLDER}/packages.tar`,
      files: 2,
      leftOut: 0,
      problem: null,
    });
    const report = await found(run);
    const coreutils = { package: 'coreutils', version: '9.1' };
    expect(rowAt(report, '/usr/bin/ls')).toMatchObject({
      packages: { image: { ...coreutils, verdict: 'modified' }, own: null },
      rules: ['modified-system-file:critical', 'modified-package-file:high'],
    });
    expect(rowAt(report, '/usr/bin/cat')).toMatchObject({
      packages: { image: { ...coreutils, verdict: 'not-comparable' } },
      rules: ['executable-deleted:medium'],
    });
    expect(rowAt(report, '/usr/bin/implant')).toMatchObject({
      packages: { image: { verdict: 'not-owned' }, own: null },
      rules: ['new-executable:high'],
    });
    expect(rowAt(report, '/usr/bin/curl')).toMatchObject({
      packages: { own: { package: 'curl', version: '8.1', verdict: 'unmodified' } },
      rules: ['new-executable:medium', 'installed-inside:info'],
    });
  });

  it('of a newer version that the container installed are no files that differ from the image by somebody else', async () => {
    const one = container(
      IMAGE,
      `${DPKG} echo '#!/bin/newer' > usr/bin/ls; : > var/lib/dpkg/status; installed coreutils 9.2 usr/bin/ls usr/bin/cat`,
    );
    expect(rowAt(await found(await diffOverlay(async () => one.access)), '/usr/bin/ls')).toMatchObject({
      packages: { image: { version: '9.1', verdict: 'modified' }, own: { version: '9.2', verdict: 'unmodified' } },
      rules: ['modified-system-file:high', 'modified-package-file:medium', 'installed-inside:info'],
    });
  });

  it('that the container says to have brought what it replaced are contradicted by the image, and lower nothing', async () => {
    const one = container(
      IMAGE,
      `${DPKG} mkdir -p var/lib/dpkg/info; echo '#!/bin/trojan' > usr/bin/ls; echo '#!/bin/implant' > usr/bin/implant
       chmod 755 usr/bin/*
       for file in usr/bin/ls usr/bin/implant; do printf '%s  %s\\n' "$(md5sum < $file | cut -d' ' -f1)" $file; done \\
         > var/lib/dpkg/info/coreutils.md5sums`,
    );
    const report = await found(await diffOverlay(async () => one.access));
    const coreutils = { package: 'coreutils', version: '9.1' };
    expect(rowAt(report, '/usr/bin/ls')).toMatchObject({
      packages: { image: { ...coreutils, verdict: 'modified' }, own: { ...coreutils, verdict: 'unmodified' } },
      rules: ['modified-system-file:critical', 'modified-package-file:high', 'database-contradicts:high'],
    });
    // The image has the package in this version, without such a file.
    expect(rowAt(report, '/usr/bin/implant')).toMatchObject({
      packages: { image: { verdict: 'not-owned' }, own: { ...coreutils, verdict: 'unmodified' } },
      rules: ['new-executable:high'],
    });
  });

  it('are taken once for all containers with the same layers', async () => {
    const one = container(IMAGE, 'echo x > x');
    const first = await diffOverlay(async () => one.access);
    const second = await diffOverlay(async () => one.access);
    expect(second.sink.items.map(({ draft }) => draft.path)).not.toContain(`${DIFF_FOLDER}/packages.tar`);
    expect(diffSourceOf(second).packages).toEqual(diffSourceOf(first).packages);
  });

  it('are those of the upper of two layers, through no link and not of a folder that was replaced', async () => {
    const one = container(
      [
        `${DPKG} mkdir -p usr/bin var/lib/dpkg/info lib/apk/db; echo a > usr/bin/a; installed a 1 usr/bin/a; echo P:x > lib/apk/db/installed`,
        `mkdir -p var/lib/dpkg; mknod var/lib/dpkg/info c 0 0; rm -rf lib; ln -s /etc lib`,
      ],
      'echo changed > usr/bin/a',
    );
    const run = await diffOverlay(async () => one.access);
    // What is left of dpkg is its status.
    expect(diffSourceOf(run).packages).toMatchObject({ files: 1 });
    expect(rowAt(await found(run), '/usr/bin/a')).toMatchObject({ packages: { image: { verdict: 'not-owned' } } });
  });

  it('are said to be none where the image has none', async () => {
    const one = container(['mkdir bin; echo a > bin/a'], "echo '#!/bin/b' > bin/b; chmod 755 bin/b");
    const run = await diffOverlay(async () => one.access);
    expect(diffSourceOf(run).packages).toEqual({ path: null, files: 0, leftOut: 0, problem: null });
    expect(rowAt(await found(run), '/bin/b')).toMatchObject({ packages: null, rules: ['new-executable:high'] });
  });
});
