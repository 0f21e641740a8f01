import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DOCKER_GET_SCRIPT, HIDDEN_DAEMON_STATUS, NO_CURL_STATUS, NO_DAEMON_STATUS } from './docker-scripts.js';

const ENGINE = '/usr/bin/dockerd';
let root: string;
let server: Server;
let knocks: number;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-dockerd-'));
  mkdirSync(join(root, 'run'));
  mkdirSync(join(root, 'proc'));
  knocks = 0;
  server = createServer((_, response) => {
    knocks += 1;
    response.end('{"Version":"20"}');
  });
  await new Promise<void>((resolve) => server.listen(join(root, 'run/docker.sock'), resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});

/** A process of that name; `null` = it shows no program, as those of others do. */
function process(pid: number, name: string, program: string | null): void {
  const folder = join(root, 'proc', String(pid));
  mkdirSync(folder);
  writeFileSync(join(folder, 'comm'), `${name}\n`);
  if (program !== null) symlinkSync(program, join(folder, 'exe'));
}

async function asked(): Promise<{ status: number; text: string }> {
  const env = { PATH: globalThis.process.env['PATH'] ?? '', ROOT: root, PROC: join(root, 'proc') };
  return await new Promise((resolve) => {
    execFile('sh', ['-c', DOCKER_GET_SCRIPT, 'sh', '/version'], { env }, (error, text) => {
      resolve({ status: error === null ? 0 : Number(error.code), text });
    });
  });
}

/** The daemon was found; where there is no curl it can only be found. */
const FOUND = expect.toBeOneOf([0, NO_CURL_STATUS]) as number;

describe('the socket of Docker', () => {
  it.each([ENGINE, `${ENGINE} (deleted)`, '/snap/docker/1/bin/dockerd'])('is asked when %s runs', async (program) => {
    process(7, 'dockerd', '/usr/bin/miner');
    process(8, 'dockerd', program);
    const { status, text } = await asked();
    expect(status).toEqual(FOUND);
    expect(knocks).toBe(status === 0 ? 1 : 0);
    expect(text).toBe(status === 0 ? '{"Version":"20"}' : '');
  });

  it('is left alone when what runs only calls itself so, or is called otherwise', async () => {
    process(7, 'dockerd', '/usr/bin/miner');
    process(8, 'dockerd', '/tmp/dockerd/x');
    process(9, 'miner', ENGINE);
    expect(await asked()).toEqual({ status: NO_DAEMON_STATUS, text: '' });
    expect(knocks).toBe(0);
  });

  it('is left alone, and not said to be absent, when the program cannot be seen', async () => {
    process(7, 'dockerd', null);
    expect((await asked()).status).toBe(HIDDEN_DAEMON_STATUS);
    expect(knocks).toBe(0);
  });
});
