import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { localRung, openDisk } from '../../src/node-access/local.js';
import { sshRung } from '../../src/node-access/ssh/ssh-rung.js';
import { nodeAccessContract } from './node-access-contract.js';
import { HAS_SSHD, SshServer } from './ssh-server.js';

const options = { clock: systemClock, ids: systemIds, rateBytesPerSecond: null };
const node = { name: 'here', uid: '', machineId: '', ready: true };
const signal = new AbortController().signal;

nodeAccessContract('this machine', {
  sameFiles: true,
  open: async () => await localRung(options).open(node, signal),
});

describe('a disk', () => {
  const root = mkdtempSync(join(tmpdir(), 'exhibit-disk-'));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });
  nodeAccessContract('a folder as a disk', {
    sameFiles: true,
    open: async () => await openDisk({ node: 'here', root }, options, signal),
  });
});

describe.skipIf(!HAS_SSHD)(`ssh${HAS_SSHD ? '' : ' (skipped: sshd is not installed)'}`, () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await SshServer.start();
  });
  afterAll(() => {
    server.stop();
  });
  nodeAccessContract('a real sshd on loopback', {
    sameFiles: true,
    open: async () =>
      await sshRung(server.settings(), { ...options, variables: process.env, scratchDirectory: tmpdir() }).open(
        node,
        signal,
      ),
  });
});
