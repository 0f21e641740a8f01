import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../test/fakes/fake-cluster-run.js';
import { runOnNode } from '../../test/fakes/local-node.js';
import { derivedOf, openFolder, takeBy } from '../../test/fakes/os-files-run.js';
import type { NodeAccess, NodeCommand } from '../ports/node-access.js';
import { collector as executables } from './executables/collector.js';
import { KnownDigests, type FileIdentity } from './known-digests.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'exhibit-known-'));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/os-release'), 'ID=debian\n');
  for (const name of ['one', 'two']) program(name, name);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function program(name: string, content: string): void {
  writeFileSync(join(root, 'usr/bin', name), content);
  chmodSync(join(root, 'usr/bin', name), 0o755);
}

/** By md5sum. */
const MD5 = { one: 'f97c5d29941bfb1b2fdab0874906ab82', two: 'b8a9f715dbb64fd5c56e7783c6820a61' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The same way to the node, with a record of what ran by it. */
async function watched(act: (command: NodeCommand) => void = () => undefined): Promise<[NodeAccess, NodeCommand[]]> {
  const access = await openFolder(root);
  const ran: NodeCommand[] = [];
  const watching: NodeAccess = {
    facts: access.facts,
    close: async () => {
      await access.close();
    },
    run: async (command, consumer) => {
      ran.push(command);
      act(command);
      return await access.run(command, consumer);
    },
  };
  return [watching, ran];
}

const digestsOf = (ran: readonly NodeCommand[]): string[] =>
  ran.filter(({ name }) => name === 'os-files-sha256').map(({ stdin }) => Buffer.from(stdin ?? []).toString('latin1'));

describe('digests of executables', () => {
  it('are made once in a run, and both collectors have all their lines', async () => {
    const [access, ran] = await watched();
    const first = await runOnNode(executables, access);
    expect(outcomeOf(first, 'executables/node-1/files')).toMatchObject({ outcome: 'collected', proof: { files: 2 } });
    const run = await takeBy(access, 'executables');
    expect(outcomeOf(run, 'os-files/node-1/executables')).toMatchObject({ outcome: 'collected', proof: { read: 2 } });
    expect(digestsOf(ran)).toEqual([]);
    expect(derivedOf(run, 'executables')).toMatchObject(
      Object.entries(MD5).map(([name, md5]) => ({
        content: 'hashed',
        sha256: sha256(name),
        sha256By: 'executables',
        md5,
      })),
    );
    const { facts } = run.sink.at('data/derived/nodes/node-1/os-files/executables.jsonl');
    expect(facts.derivedFrom).toContain('data/nodes/node-1/executables/listing.nul');
  });

  it('are made anew of a file that changed since, and of that alone', async () => {
    const [access, ran] = await watched();
    await runOnNode(executables, access);
    program('two', 'TWO');
    const run = await takeBy(access, 'executables');
    expect(digestsOf(ran)).toEqual([expect.stringMatching(/^D\/usr\/bin\t.*\nFtwo\n\n$/)]);
    expect(derivedOf(run, 'executables').map((line) => [line['sha256'], line['sha256By']])).toEqual([
      [sha256('one'), 'executables'],
      [sha256('TWO'), undefined],
    ]);
  });

  it('are all made where the other collector did not run, or its answer was torn', async () => {
    const [alone, ran] = await watched();
    expect(derivedOf(await takeBy(alone, 'executables'), 'executables')).toMatchObject([
      { sha256: sha256('one') },
      { sha256: sha256('two') },
    ]);
    expect(digestsOf(ran)).toHaveLength(1);
    const [access, all] = await watched();
    const torn: NodeAccess = {
      facts: access.facts,
      close: access.close,
      run: async (command, consumer) => {
        const end = await access.run(command, consumer);
        return command.name === 'executables' ? { ...end, end: 'corrupt' } : end;
      },
    };
    await runOnNode(executables, torn);
    await takeBy(torn, 'executables');
    expect(digestsOf(all)).toHaveLength(1);
  });
});

describe('what is known of a file', () => {
  const file: FileIdentity = { device: '1', inode: '2', sizeBytes: 3, mtimeNs: 4n, ctimeNs: 5n };

  it('is that of this state of it', () => {
    const known = new KnownDigests();
    known.add(file, 'aa');
    expect(known.of(file)).toBeNull();
    known.source = 'data/x';
    expect(known.of({ ...file })).toBe('aa');
    for (const other of [{ device: '9' }, { inode: '9' }, { sizeBytes: 9 }, { mtimeNs: 9n }, { ctimeNs: 9n }])
      expect(known.of({ ...file, ...other })).toBeNull();
  });

  it('is waited for', async () => {
    const known = new KnownDigests();
    await known.settled();
    const done = known.begin();
    let isSettled = false;
    const settled = known.settled().then(() => {
      isSettled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    done();
    await settled;
    expect(isSettled).toBe(true);
  });
});
