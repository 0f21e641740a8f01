import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryDestination } from '../../src/evidence/destinations/directory-destination.js';
import { type Destination, NO_LOCK } from '../../src/ports/destination.js';
import { bytesOf, type DestinationHarness, destinationContract, outgoing, quiet } from './destination-contract.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-destination-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function open(signal: AbortSignal = new AbortController().signal): Destination {
  return createDirectoryDestination(directory, { signal });
}

const harness: DestinationHarness = {
  open: async (signal) => open(signal),
  tamper: async (name, bytes) => {
    rmSync(join(directory, name));
    writeFileSync(join(directory, name), bytes);
  },
  contents: async () =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(directory, name)).isFile())
      .sort(),
  nowhere: async () =>
    createDirectoryDestination(join(directory, 'not-mounted'), { signal: new AbortController().signal }),
};

describe('a directory as destination', () => {
  destinationContract(() => harness);

  it('keeps files and folders private', async () => {
    await open().put(outgoing('k7m2p9-x0001.custody/0001-copy.json', Buffer.from('{}')), quiet);
    const folder = join(directory, 'k7m2p9-x0001.custody');
    expect([folder, join(folder, '0001-copy.json')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  });

  it('may be named through a link; what is in it may not be one', async () => {
    const link = join(directory, 'link');
    mkdirSync(join(directory, 'disk'));
    symlinkSync('disk', link);
    const destination = createDirectoryDestination(link, { signal: new AbortController().signal });
    await destination.put(outgoing('a', Buffer.from('x')), quiet);
    const elsewhere = mkdtempSync(join(tmpdir(), 'exhibit-elsewhere-'));
    symlinkSync(elsewhere, join(link, 'k7m2p9-x0001.custody'));
    symlinkSync(join(elsewhere, 'b'), join(link, 'b'));
    for (const name of ['k7m2p9-x0001.custody/0001-copy.json', 'b'])
      await expect(destination.put(outgoing(name, Buffer.from('x')), quiet)).rejects.toMatchObject({
        code: 'DESTINATION_OCCUPIED',
      });
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(elsewhere, { recursive: true });
  });

  it('does not read through a link that took the place of the file', async () => {
    const destination = open();
    const stored = await destination.put(outgoing('a', Buffer.from('x')), quiet);
    rmSync(join(directory, 'a'));
    writeFileSync(join(directory, 'other'), 'x');
    symlinkSync('other', join(directory, 'a'));
    await expect(bytesOf(destination.read(stored))).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
    await expect(destination.find('a')).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED' });
  });

  it('keeps no lock, and says so before anything is copied', async () => {
    for (const lock of [
      { retention: null, legalHold: true },
      { retention: { mode: 'governance', untilAt: '2099-01-01T00:00:00.000Z' }, legalHold: false } as const,
    ])
      await expect(open().prepare(lock)).rejects.toMatchObject({ code: 'DESTINATION_NOT_LOCKED', exitCode: 21 });
  });

  it('finds and removes what a killed copy left of this name, and nothing else', async () => {
    const left = ['a.0123abcd.partial', 'a.ffffffff.partial'];
    const others = ['a', 'a.partial', 'a.0123abcd.partial.sig', 'b.0123abcd.partial', 'a.0123ABCD.partial'];
    for (const name of [...left, ...others]) writeFileSync(join(directory, name), 'x');
    expect(await open().abandon('a')).toBe(2);
    expect(readdirSync(directory).sort()).toEqual([...others].sort());
  });

  it('is not fooled by a name that appears while it copies', async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const options = { ...quiet, onProgress: () => writeFileSync(join(directory, 'a'), 'mine') };
    await expect(open().put(outgoing('a', bytes), options)).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED' });
    expect(readdirSync(directory)).toEqual(['a']);
    expect(await open().find('a')).toMatchObject({ sizeBytes: 4 });
  });

  it('that vanishes before the copy is a failure of storage, not of the archive', async () => {
    const gone = join(directory, 'gone');
    mkdirSync(gone);
    const destination = createDirectoryDestination(gone, { signal: new AbortController().signal });
    await destination.prepare(NO_LOCK);
    rmSync(gone, { recursive: true });
    await expect(destination.put(outgoing('a', Buffer.from('x')), quiet)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });
});
