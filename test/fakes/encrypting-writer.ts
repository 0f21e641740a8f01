import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { AGE } from './age-world.js';
import { memorySigner, quietIo, SBOM, temporaryStore } from './evidence-case.js';
import { systemClock } from '../../src/lib/clock.js';
import { readRecipients } from '../../src/evidence/age/recipients.js';
import { sealAndEncrypt } from '../../src/workflows/seal-and-encrypt.js';

/**
 * A process that kills itself: `node encrypting-writer.mjs HOME RECIPIENT N`. It encrypts the sealed exhibit of the case in HOME, and
 * before its N-th change of the file system it is gone. It ends with 0 when it had fewer changes to make.
 */
const [home = '', recipient = '', killAt = '0'] = process.argv.slice(2);
let left = Number(killAt);

function mortal(target: object, names: readonly string[]): void {
  for (const name of names) {
    const original = Reflect.get(target, name) as (...args: unknown[]) => unknown;
    Reflect.set(target, name, function (this: unknown, ...args: unknown[]): unknown {
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      return original.apply(this, args);
    });
  }
}

const probe = await fsp.open(process.execPath);
mortal(Object.getPrototypeOf(probe) as object, ['write', 'writeFile', 'sync']);
await probe.close();
mortal(fsp, ['rename', 'link', 'unlink', 'rm', 'mkdir']);
mortal(fs, ['renameSync', 'linkSync', 'unlinkSync', 'mkdirSync', 'writeSync', 'fsyncSync', 'fdatasyncSync']);
syncBuiltinESMExports();

const { store } = temporaryStore({ home });
await sealAndEncrypt(
  {
    caseId: (await store.current()) ?? '',
    classification: null,
    encryption: { recipients: await readRecipients([recipient]), keepPlaintext: false },
  },
  {
    store,
    signer: memorySigner(),
    countersigners: [],
    timestampers: [],
    clock: systemClock,
    io: quietIo,
    sbom: SBOM,
    signal: new AbortController().signal,
    program: AGE,
    newPassphrase: null,
  },
);
