import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, systemIds } from '../lib/clock.js';
import type { NodeRung } from '../ports/node-access.js';
import { openDisk } from './local.js';
import { probeNode } from './probe-node.js';
import { PROBE } from './probe-script.js';
import { startProcess } from './start-process.js';

const signal = new AbortController().signal;
const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
const INITIAL = 'pid:[4026531836]';

/** The probe of this machine, where `readlink` says these namespaces. */
async function factsWith({ own, first, rung = 'local' }: { own: string; first: string; rung?: NodeRung }) {
  const folder = mkdtempSync(join(tmpdir(), 'exhibit-probe-'));
  const said = `case $1 in */1/ns/pid) echo '${first}';; *) echo '${own}';; esac`;
  writeFileSync(join(folder, 'readlink'), `#!/bin/sh\n${said}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:/usr/sbin:/usr/bin:/sbin:/bin` };
  try {
    return await probeNode(
      { node: 'n', rung },
      {
        ...options,
        root: '',
        proc: '/proc',
        start: async (exec) => {
          const [file = 'sh', ...args] = exec.argv;
          return await startProcess({ file, args, env }, exec);
        },
      },
      signal,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('whether a far side sees every process', () => {
  it.each([
    ["the kernel's first namespace", INITIAL, INITIAL, true, false],
    ['the first namespace, whose first process may not be asked', INITIAL, '', true, false],
    ['a namespace with a /proc of its own', 'pid:[4026532770]', 'pid:[4026532770]', false, true],
    ['the first namespace with the /proc of another', INITIAL, 'pid:[4026532770]', false, false],
    ['a namespace that is not told', '', '', false, false],
  ])('in %s', async (_what, own, first, processes, marked) => {
    const facts = await factsWith({ own, first });
    const reasons = facts.degraded.map(({ reason }) => reason);
    expect(facts.processes).toBe(processes);
    expect([reasons.includes('pid-namespace'), reasons.includes('no-processes')]).toEqual([marked, !processes]);
  });

  it('is not asked of a disk', async () => {
    const facts = await factsWith({ own: 'pid:[1]', first: 'pid:[1]', rung: 'disk' });
    expect(facts.degraded.map(({ reason }) => reason)).not.toContain('pid-namespace');
  });
});

describe('a disk', () => {
  let root: string;
  let here: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'exhibit-disk-'));
    here = mkdtempSync(join(tmpdir(), 'exhibit-here-'));
    writeFileSync(join(here, 'hostname'), 'analyst\n');
    writeFileSync(join(here, 'machine-id'), `${'a'.repeat(32)}\n`);
  });
  afterEach(() => {
    for (const folder of [root, here]) rmSync(folder, { recursive: true });
  });

  it('is asked for its own name', async () => {
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/hostname'), 'worker\n');
    writeFileSync(join(root, 'etc/machine-id'), `${'b'.repeat(32)}\n`);
    const { facts } = await openDisk({ node: 'n', root }, options, signal);
    expect(facts.self).toMatchObject({ hostname: 'worker', machineId: 'b'.repeat(32) });
  });

  it('says nothing where a folder on the way is a link, instead of what this machine says', async () => {
    symlinkSync(here, join(root, 'etc'));
    const { facts } = await openDisk({ node: 'n', root }, options, signal);
    expect(facts.self).toMatchObject({ hostname: null, machineId: null });
  });
});

it('is a script that a POSIX shell can read', () => {
  expect(spawnSync('sh', ['-n', '-c', PROBE.script], { encoding: 'utf8' }).stderr).toBe('');
});
