import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writePausingProgram } from '../fakes/pausing-program.js';
import { User } from './exhibit.js';

const PROFILE = `
apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: { name: volatile, title: Volatile, description: What runs and who is connected }
collectors: [processes, node-network]
`;

let user: User;
let child: ChildProcess;
let original: Buffer;
let server: Server;

beforeEach(async () => {
  user = new User();
  writeFileSync(join(user.directory, 'volatile.yaml'), PROFILE);
  await user.run('key', 'new');
  const copy = join(user.directory, 'implant');
  writePausingProgram(copy);
  original = readFileSync(copy);
  child = spawn(copy, ['1000'], { stdio: 'ignore', argv0: 'nothing-to-see' });
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  unlinkSync(copy);
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  child.kill('SIGKILL');
  server.close();
  user.remove();
});

type Line = Record<string, unknown>;

describe('a machine on which a deleted program runs and something listens', () => {
  it(
    'is collected without a cluster, sealed and verified, and the archive holds both',
    { timeout: 300_000 },
    async () => {
      const collected = await user.json('collect', '--local', '--profile', './volatile.yaml');
      // Where the tests may not look into every process, that is a gap, and nothing else is.
      expect([0, 3]).toContain(collected.exitCode);
      const { document } = await user.json('seal');
      const { archivePath, receiptPath } = document as unknown as { archivePath: string; receiptPath: string };
      const verified = await user.json('verify', archivePath, '--receipt', receiptPath);
      expect(verified.exitCode).toBe(0);

      const node = hostname().toLowerCase();
      const member = async (path: string): Promise<string> => {
        const file = join(user.directory, 'member');
        const { exitCode } = await user.shell(`tar xzOf '${archivePath}' --wildcards '*/${path}' > '${file}'`);
        expect(exitCode, path).toBe(0);
        return file;
      };
      const lines = async (name: string): Promise<Line[]> =>
        readFileSync(await member(`data/derived/nodes/${node}/${name}.jsonl`), 'latin1')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Line);

      const process_ = (await lines('processes')).find((line) => line['pid'] === child.pid);
      expect(process_).toMatchObject({
        exe: { deleted: true, memfd: false },
        cmdline: { args: [{ display: 'nothing-to-see' }, { display: '1000' }] },
      });
      const deleted = (await lines('deleted-files')).find((line) =>
        (line['holders'] as string[]).includes(`${String(child.pid)}/exe`),
      );
      expect(deleted).toMatchObject({
        outcome: 'collected',
        sha256: createHash('sha256').update(original).digest('hex'),
      });
      expect(readFileSync(await member(String(deleted?.['path']))).equals(original)).toBe(true);

      const { port } = server.address() as { port: number };
      const socket = (await lines('connections')).filter((line) => (line['local'] as { port: number }).port === port);
      expect(socket).toMatchObject([
        { state: 'listen', local: { address: '127.0.0.1' }, owners: [{ pid: process.pid }] },
      ]);
    },
  );
});
