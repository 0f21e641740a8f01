import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './run.js';

const LOCK = join(root, '.cache/build.lock');

function holderIsAlive() {
  try {
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** One build at a time: a second one waits and then finds its work done. A lock of a process that is gone is taken over. */
export async function withBuildLock(body) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (holderIsAlive()) await sleep(200);
      else rmSync(LOCK, { force: true });
    }
  }
  try {
    return await body();
  } finally {
    rmSync(LOCK, { force: true });
  }
}
