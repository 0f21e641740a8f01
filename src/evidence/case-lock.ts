import { constants, linkSync, readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { storageError } from '../custody/storage-error.js';
import { asciiJson } from '../lib/ascii-json.js';
import { toRfc3339 } from '../lib/clock.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { Clock } from '../ports/clock.js';
import { createFile, readPrivateFile, removeFile } from './private-files.js';

const holderSchema = z.strictObject({
  pid: z.int().min(1),
  bootId: z.string(),
  /** Field 22 of /proc/<pid>/stat; `null` where there is no /proc. */
  startTime: z.string().nullable(),
  at: z.iso.datetime(),
  released: z.boolean(),
});
type Holder = z.infer<typeof holderSchema>;

export interface CaseLock {
  /** The holder that no longer runs, in words, when its lock was taken over. */
  readonly tookOver: { readonly from: string; readonly reason: string } | null;
  release(): Promise<void>;
}

const LOCK_NAME = /^lock\.(\d{6,15})$/;
const MAX_TRIES = 100;

const HELD_MARK = 'false';
const RELEASED_MARK = 'true ';
const HELD = `"released":${HELD_MARK}`;

/**
 * Takes the one lock of a case. Locks are numbered files; the highest number counts. Each comes into being whole, by a hard link that
 * fails when the number is taken, and a new one is only made above one that is released or stale, so that two processes that find the
 * same stale lock cannot both win. Stale: another boot, no such process, or a process that started at another time.
 * Throws `CASE_LOCKED` naming the process.
 */
export async function takeCaseLock(directory: string, clock: Clock): Promise<CaseLock> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const highest = highestLock(directory);
    const found = highest === 0 ? FREE : await examine(directory, highest, clock);
    const number = highest + 1;
    if (!(await tryLink(directory, number, clock))) continue;
    if (highestLock(directory) !== number) {
      await removeFile(lockPath(directory, number));
      continue;
    }
    await removeLower(directory, number);
    let released = false;
    const release = async (): Promise<void> => {
      if (released) return;
      released = true;
      await releaseLock(directory, number);
    };
    return { tookOver: found.tookOver, release };
  }
  throw new ExhibitError('CASE_LOCKED', 'the lock of the case changes hands too quickly', {
    subject: directory,
    retryable: true,
  });
}

const FREE: Pick<CaseLock, 'tookOver'> = { tookOver: null };

/** What the highest lock is: free, or to be taken over. Throws `CASE_LOCKED` when its holder lives. */
async function examine(directory: string, number: number, clock: Clock): Promise<Pick<CaseLock, 'tookOver'>> {
  const bytes = await readPrivateFile(lockPath(directory, number));
  // Somebody holds a higher one by now: the next look at the directory shows it.
  if (bytes === null) return FREE;
  const holder = parseHolder(bytes);
  if (holder === null) return { tookOver: { from: 'unknown', reason: 'the lock cannot be read' } };
  if (holder.released) return FREE;
  const reason = staleness(holder, clock);
  if (reason === null) throw locked(directory, holder);
  return { tookOver: { from: describe(holder), reason } };
}

function lockPath(directory: string, number: number): string {
  return join(directory, `lock.${String(number).padStart(6, '0')}`);
}

function lockNumbers(directory: string): number[] {
  try {
    return readdirSync(directory).flatMap((name) => {
      const digits = LOCK_NAME.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    });
  } catch (error) {
    throw storageError(error, directory);
  }
}

function highestLock(directory: string): number {
  return Math.max(0, ...lockNumbers(directory));
}

function self(clock: Clock): Holder {
  return {
    pid: process.pid,
    bootId: clock.bootId(),
    startTime: startTimeOf(process.pid),
    at: toRfc3339(clock.nowMs()),
    released: false,
  };
}

async function tryLink(directory: string, number: number, clock: Clock): Promise<boolean> {
  const draft = join(directory, `.lock-${String(process.pid)}-${String(clock.monoUs())}-${String(number)}`);
  await removeFile(draft);
  await createFile(draft, `${asciiJson(self(clock))}\n`);
  try {
    linkSync(draft, lockPath(directory, number));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw storageError(error, directory);
  } finally {
    await removeFile(draft);
  }
}

async function removeLower(directory: string, number: number): Promise<void> {
  for (const lower of lockNumbers(directory)) {
    if (lower < number) await removeFile(lockPath(directory, lower));
  }
}

/**
 * The file stays, because a number must never be used twice, and is marked in place: on a full disk nothing could be written anew, and
 * a mark that is torn is taken for a lock that cannot be read, which is as good as released.
 */
async function releaseLock(directory: string, number: number): Promise<void> {
  const path = lockPath(directory, number);
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      const at = (await handle.readFile()).indexOf(HELD) + HELD.length - HELD_MARK.length;
      await handle.write(Buffer.from(RELEASED_MARK, 'latin1'), 0, RELEASED_MARK.length, at);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Somebody removed it: then it is released.
    if (errnoOf(error) !== 'ENOENT') throw storageError(error, path);
  }
}

function parseHolder(bytes: Buffer): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(bytes.toString('latin1')));
  } catch {
    return null;
  }
}

/** Why a lock that was not released may be taken, in words; `null` when its holder lives. */
function staleness(holder: Holder, clock: Clock): string | null {
  if (holder.bootId !== clock.bootId()) return 'the machine was started again since';
  if (!isRunning(holder.pid)) return 'the process no longer exists';
  const startTime = startTimeOf(holder.pid);
  if (holder.startTime !== null && startTime !== null && startTime !== holder.startTime) {
    return 'the process number belongs to another process now';
  }
  return null;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat, counted after the command name, which is in parentheses and may hold anything. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie runs nothing any more.
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
    return fields[19] ?? null;
  } catch {
    return null;
  }
}

function describe(holder: Holder): string {
  return `process ${String(holder.pid)} since ${holder.at}`;
}

function locked(directory: string, holder: Holder): ExhibitError {
  return new ExhibitError('CASE_LOCKED', `the case is in use by ${describe(holder)}`, {
    subject: directory,
    retryable: true,
    hints: [`ps -p ${String(holder.pid)}`],
  });
}
