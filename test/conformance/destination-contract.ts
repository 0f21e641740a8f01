/**
 * The contract of `Destination`, the same for a directory and for S3. A harness makes an empty one; `tamper` replaces the bytes of a stored
 * file behind its back.
 */
import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { ExhibitError } from '../../src/model/errors.js';
import { type Destination, NO_LOCK, type OutgoingFile, type PutOptions } from '../../src/ports/destination.js';

export interface DestinationHarness {
  open(signal?: AbortSignal): Promise<Destination>;
  tamper(name: string, bytes: Buffer): Promise<void>;
  /** Names of everything that the store has, unfinished uploads as `name (unfinished)`. */
  contents(): Promise<readonly string[]>;
  /** A destination that does not exist. */
  nowhere(): Promise<Destination>;
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function outgoing(name: string, bytes: Buffer, fields: Partial<OutgoingFile> = {}): OutgoingFile {
  return {
    name,
    sizeBytes: bytes.length,
    sha256: sha256Of(bytes),
    read: async (buffer, offset) => bytes.copy(buffer, 0, offset, offset + buffer.length),
    ...fields,
  };
}

export const quiet: PutOptions = { lock: NO_LOCK, onProgress: () => undefined, onResume: () => undefined };

export async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

const MIB = 1024 * 1024;

/** Sizes around what goes in one request, in one part and in several, of a store with parts of 5 MiB. */
export const SIZES = [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 12 * MIB];

export function destinationContract(harness: () => DestinationHarness): void {
  it.each(SIZES)('keeps %d bytes exactly, under their name and no other', async (sizeBytes) => {
    const destination = await harness().open();
    const bytes = randomBytes(sizeBytes);
    await destination.prepare(NO_LOCK);
    const progress: number[] = [];
    const stored = await destination.put(outgoing('k7m2p9-x0001.tar.gz', bytes), {
      ...quiet,
      onProgress: (there) => progress.push(there),
    });
    expect(stored).toMatchObject({ name: 'k7m2p9-x0001.tar.gz', sizeBytes });
    expect([null, sha256Of(bytes)]).toContain(stored.sha256);
    expect(await destination.find('k7m2p9-x0001.tar.gz')).toEqual(stored);
    expect(stored.location).toBe(destination.locationOf('k7m2p9-x0001.tar.gz'));
    expect((await bytesOf(destination.read(stored))).equals(bytes)).toBe(true);
    expect(await harness().contents()).toEqual(['k7m2p9-x0001.tar.gz']);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    if (sizeBytes > 0) expect(progress.at(-1)).toBe(sizeBytes);
  });

  it('knows nothing of a name that was never stored', async () => {
    const destination = await harness().open();
    expect(await destination.find('k7m2p9-x0001.tar.gz')).toBeNull();
    expect(await destination.abandon('k7m2p9-x0001.tar.gz')).toBe(0);
  });

  it('keeps names in a folder apart', async () => {
    const destination = await harness().open();
    const names = ['k7m2p9-x0001.custody/0001-copy.json', 'k7m2p9-x0001.custody/0001-copy.json.sig', '0001-copy.json'];
    for (const name of names) await destination.put(outgoing(name, Buffer.from(name)), quiet);
    for (const name of names) {
      const stored = await destination.find(name);
      expect((await bytesOf(destination.read(stored!))).toString()).toBe(name);
    }
    expect(await harness().contents()).toEqual([...names].sort());
  });

  it.each([100, 6 * MIB])('never replaces what has the name already (%d bytes)', async (sizeBytes) => {
    const destination = await harness().open();
    const first = randomBytes(sizeBytes);
    await destination.put(outgoing('a', first), quiet);
    await expect(destination.put(outgoing('a', randomBytes(sizeBytes)), quiet)).rejects.toMatchObject({
      code: 'DESTINATION_OCCUPIED',
    });
    const stored = await destination.find('a');
    expect((await bytesOf(destination.read(stored!))).equals(first)).toBe(true);
  });

  it.each([100, 12 * MIB])('makes nothing of bytes that are not those of the digest (%d bytes)', async (sizeBytes) => {
    const destination = await harness().open();
    const bytes = randomBytes(sizeBytes);
    const file = outgoing('a', bytes, { sha256: sha256Of(Buffer.from('what was verified')) });
    await expect(destination.put(file, quiet)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    expect(await harness().contents()).toEqual([]);
  });

  it.each([100, 12 * MIB])('makes nothing of a file that became shorter (%d bytes)', async (sizeBytes) => {
    const destination = await harness().open();
    const bytes = randomBytes(sizeBytes);
    const file = outgoing('a', bytes, {
      read: async (buffer, offset) => bytes.copy(buffer, 0, offset, Math.min(sizeBytes - 1, offset + buffer.length)),
    });
    await expect(destination.put(file, quiet)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    expect(await harness().contents()).toEqual([]);
  });

  it('passes on what reading the file throws, and makes nothing of it', async () => {
    const destination = await harness().open();
    const file = outgoing('a', randomBytes(12 * MIB), {
      read: () => Promise.reject(new Error('the disk is gone')),
    });
    await expect(destination.put(file, quiet)).rejects.toThrow('the disk is gone');
    expect(await destination.find('a')).toBeNull();
  });

  it('does not read other bytes than those that were found', async () => {
    const destination = await harness().open();
    const stored = await destination.put(outgoing('a', randomBytes(2000)), quiet);
    await harness().tamper('a', randomBytes(2000));
    await expect(bytesOf(destination.read(stored))).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
    await harness().tamper('a', randomBytes(1000));
    await expect(bytesOf(destination.read(stored))).rejects.toMatchObject({ code: 'DESTINATION_MISMATCH' });
  });

  it('stops for an interruption with its reason, and the same call goes on afterwards', async () => {
    const controller = new AbortController();
    const destination = await harness().open(controller.signal);
    const bytes = randomBytes(12 * MIB);
    const reason = new ExhibitError('TERMINATED', 'ended');
    const options = { ...quiet, onProgress: () => controller.abort(reason) };
    await expect(destination.put(outgoing('a', bytes), options)).rejects.toBe(reason);
    const again = await harness().open();
    expect(await again.find('a')).toBeNull();
    const stored = await again.put(outgoing('a', bytes), quiet);
    expect((await bytesOf(again.read(stored))).equals(bytes)).toBe(true);
    expect(await harness().contents()).toEqual(['a']);
  });

  it('that does not exist is found out before anything is sent', async () => {
    const nowhere = await harness().nowhere();
    await expect(nowhere.prepare(NO_LOCK)).rejects.toMatchObject({ code: 'DESTINATION_INVALID', exitCode: 2 });
  });

  it('keeps no lock that was not asked for', async () => {
    const destination = await harness().open();
    const stored = await destination.put(outgoing('a', Buffer.from('x')), quiet);
    expect(await destination.readLock(stored)).toEqual(NO_LOCK);
  });
}
