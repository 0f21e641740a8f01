import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf, type FakeRun } from '../../../test/fakes/fake-cluster-run.js';
import { before, derivedOf, takeFromDisk } from '../../../test/fakes/os-files-run.js';
import { unlessAble } from '../../../test/fakes/stock-tools.js';

const WRITER = '/lib/systemd/systemd-journal-remote';
const missing = [WRITER, '/usr/bin/journalctl'].filter((path) => !existsSync(path));
const why = unlessAble(missing.length === 0 ? null : `${missing.join(' and ')} is not there`);
const MACHINE = '0123456789abcdef0123456789abcdef';
const KEY = 'os-files/node-1/journald-exported';
const EXPORT = 'data/nodes/node-1/os-files/journald-exported/journalctl-entries.export';
const PERSISTENT = `var/log/journal/${MACHINE}`;
const VOLATILE = `run/log/journal/${MACHINE}`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-journals-'));
  for (const folder of [PERSISTENT, VOLATILE]) mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A journal with an entry for each second since 2023-11-14T22:13:20Z that is named. */
function writeJournal(path: string, seconds: readonly number[]): void {
  const entries = seconds.map((second) =>
    [
      `__REALTIME_TIMESTAMP=${String(1_700_000_000_000_000 + second * 1_000_000)}`,
      `__MONOTONIC_TIMESTAMP=${String(1 + second * 1_000_000)}`,
      `_BOOT_ID=${'1'.repeat(32)}`,
      `_MACHINE_ID=${MACHINE}`,
      `MESSAGE=second ${String(second)}`,
      '\n',
    ].join('\n'),
  );
  const source = join(root, 'entries');
  writeFileSync(source, entries.join(''));
  execFileSync(WRITER, ['-o', join(root, path), source], { stdio: 'ignore' });
  rmSync(source);
}

const messages = (run: FakeRun): string[] =>
  [
    ...run.sink
      .at(EXPORT)
      .bytes.toString('latin1')
      .matchAll(/^MESSAGE=(.*)$/gm),
  ].map(([, message = '']) => message);

const verdicts = (run: FakeRun): unknown[] =>
  derivedOf(run, 'journald-exported').map((line) => [
    (line['path'] as { display: string }).display,
    line['content'],
    line['journal'],
  ]);

describe.skipIf(missing.length > 0)(`journals of systemd-journal-remote${why}`, () => {
  it('are merged by time, whichever folder they are in, and keep their fields', async () => {
    writeJournal(`${PERSISTENT}/system.journal`, [0, 2, 4]);
    writeJournal(`${VOLATILE}/system.journal`, [1, 3]);
    const run = await takeFromDisk(root, 'journald-exported');
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'collected' });
    expect(messages(run)).toEqual(['second 0', 'second 1', 'second 2', 'second 3', 'second 4']);
    const text = run.sink.at(EXPORT).bytes.toString('latin1');
    expect(text).toContain('__REALTIME_TIMESTAMP=1700000003000000\n');
    expect(text).toContain(`_BOOT_ID=${'1'.repeat(32)}\n`);
    expect(verdicts(run)).toEqual([
      [`/${VOLATILE}/system.journal`, 'exported', 'sound'],
      [`/${PERSISTENT}/system.journal`, 'exported', 'sound'],
    ]);
    expect(run.sink.at(EXPORT).draft.sensitivity).toBe('personal');
  });

  it('that are corrupt or none are named and do not cost the others', async () => {
    writeJournal(`${PERSISTENT}/system.journal`, [0, 1]);
    writeJournal(`${PERSISTENT}/damaged.journal`, [2]);
    const damaged = execFileSync('sh', ['-c', 'cat "$1"', 'sh', join(root, PERSISTENT, 'damaged.journal')], {
      maxBuffer: 32 * 1024 * 1024,
    });
    damaged.fill(0xa5, 3000, 7000);
    writeFileSync(join(root, PERSISTENT, 'damaged.journal'), damaged);
    writeFileSync(join(root, PERSISTENT, 'none.journal'), 'no journal at all');
    writeFileSync(join(root, PERSISTENT, 'empty.journal~'), '');
    const run = await takeFromDisk(root, 'journald-exported');
    expect(outcomeOf(run, KEY)).toMatchObject({
      outcome: 'partial',
      reason: 'journal-damaged',
      detail: expect.stringContaining('2 journals cannot be opened, and 1 are damaged') as string,
    });
    expect(messages(run)).toEqual(expect.arrayContaining(['second 0', 'second 1']));
    expect(verdicts(run)).toEqual([
      [`/${PERSISTENT}/damaged.journal`, 'exported', 'damaged'],
      [`/${PERSISTENT}/empty.journal~`, 'not-readable', 'unreadable'],
      [`/${PERSISTENT}/none.journal`, 'not-readable', 'unreadable'],
      [`/${PERSISTENT}/system.journal`, 'exported', 'sound'],
    ]);
  });

  it('whose folder somebody exchanges for a link meanwhile are not those behind the link', async () => {
    writeJournal(`${PERSISTENT}/system.journal`, [0]);
    mkdirSync(join(root, 'elsewhere'));
    writeJournal('elsewhere/system.journal', [7]);
    const swap = (): void => {
      if (existsSync(join(root, 'moved'))) return;
      renameSync(join(root, PERSISTENT), join(root, 'moved'));
      symlinkSync(join(root, 'elsewhere'), join(root, PERSISTENT));
    };
    const run = await takeFromDisk(root, 'journald-exported', before(/export$/, swap));
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'left-out' });
    for (const item of run.sink.items) expect(item.bytes.includes('second 7')).toBe(false);
  });

  it.each(['system[0-9].journal', 's*.journal', '{system1,x}.journal', 'a\\b.journal', 'system?.journal'])(
    'named like a pattern (%s) bring no entry of others, and are said to be left out',
    async (name) => {
      writeJournal(`${PERSISTENT}/one.journal`, [0]);
      copyFileSync(join(root, PERSISTENT, 'one.journal'), join(root, PERSISTENT, name));
      writeJournal(`${PERSISTENT}/system1.journal`, [7]);
      rmSync(join(root, PERSISTENT, 'one.journal'));
      // Not a regular file, hence asked for by nobody: only a pattern finds it.
      renameSync(join(root, PERSISTENT, 'system1.journal'), join(root, 'one'));
      symlinkSync(join(root, 'one'), join(root, PERSISTENT, 'system1.journal'));
      const run = await takeFromDisk(root, 'journald-exported');
      expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'left-out' });
      expect(run.sink.items.some(({ bytes }) => bytes.includes('second 7'))).toBe(false);
    },
  );

  it('of more folders than can be merged are left out, and said to be', async () => {
    for (const folder of ['a', 'b', 'c', 'd', 'e']) {
      mkdirSync(join(root, 'var/log/journal', folder));
      copyJournal(`var/log/journal/${folder}/system.journal`, folder.charCodeAt(0));
    }
    const run = await takeFromDisk(root, 'journald-exported');
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'partial', reason: 'left-out' });
    expect(messages(run)).toHaveLength(4);
  });
});

function copyJournal(path: string, second: number): void {
  writeJournal('one.journal', [second]);
  copyFileSync(join(root, 'one.journal'), join(root, path));
  rmSync(join(root, 'one.journal'));
}

describe('journals that nobody can write out', () => {
  it('are skipped where the far side has no journalctl, and absent where there is none', async () => {
    writeFileSync(join(root, PERSISTENT, 'system.journal'), 'x');
    const run = await takeFromDisk(root, 'journald-exported', (access) => {
      const { journalctl: _, ...tools } = access.facts.tools;
      return { run: access.run.bind(access), close: access.close.bind(access), facts: { ...access.facts, tools } };
    });
    expect(outcomeOf(run, KEY)).toMatchObject({ outcome: 'skipped', reason: 'tool-missing' });
    rmSync(join(root, PERSISTENT, 'system.journal'));
    const withTool = await takeFromDisk(root, 'journald-exported', (access) => {
      const tools = { ...access.facts.tools, journalctl: 'systemd 252' };
      return { run: access.run.bind(access), close: access.close.bind(access), facts: { ...access.facts, tools } };
    });
    expect(outcomeOf(withTool, KEY)).toMatchObject({ outcome: 'absent' });
  });
});
