import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  collectOne,
  draftOf,
  factsOf,
  memorySigner,
  newExhibit,
  OPENING,
  planOf,
  quietIo,
  SBOM,
  temporaryStore,
} from '../../test/fakes/evidence-case.js';
import { bundleCrashWriter, killAndRecover } from '../../test/fakes/kill-and-recover.js';
import { systemClock } from '../lib/clock.js';
import { sealExhibit } from './seal-exhibit.js';

let program: string;

beforeAll(async () => {
  program = await bundleCrashWriter();
});

describe('kill -9', () => {
  it.each([1, 2, 3])(
    'loses nothing that was promised, and leaves a case that can be sealed (seed %i)',
    async (seed) => {
      const report = await killAndRecover({ program, seed, rounds: 3 });
      expect(report.items).toBeGreaterThan(0);
      expect(report.verdict).toMatch(/^(VERIFIED|VERIFIED_PARTIAL|sealed)$/);
    },
    120_000,
  );

  it('lets another process take over, which the case and the custody log say', async () => {
    const home = mkdtempSync(join(tmpdir(), 'exhibit-two-'));
    const child = spawn(process.execPath, [program, home, 'collect', 'x'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const { store } = temporaryStore({ home });
    const caseId = (await store.current()) ?? '';
    await expect(store.open(caseId)).rejects.toMatchObject({
      code: 'CASE_LOCKED',
      message: expect.stringContaining(String(child.pid)) as string,
    });
    child.stdout.resume();
    child.kill('SIGKILL');
    await once(child, 'close');
    const openCase = await store.open(caseId);
    const exhibit = await openCase.exhibit();
    await openCase.release();
    expect(readFileSync(join(openCase.directory, 'case.jsonl'), 'latin1')).toContain(
      '"event":"lock-taken-over","from":"process',
    );
    // Between the two stands an entry for each item that was recorded in the ledger, but not yet in the custody log.
    expect(readFileSync(exhibit?.layout.custody ?? '', 'latin1')).toMatch(
      /"event":"interrupted"[^\n]*\n(?:[^\n]*"recovered":true[^\n]*\n)*[^\n]*"event":"resumed"[^\n]*\n$/,
    );
  }, 60_000);
});

const isRoot = process.getuid?.() === 0;

/** A file system of this size, unmounted after the test. */
function smallDisk(sizeKiB: number): string {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${String(sizeKiB)}k,mode=700`, 'tmpfs', path]);
  if (mounted.status !== 0) throw new Error(mounted.stderr.toString());
  onTestFinished(() => {
    spawnSync('umount', ['-l', path]);
  });
  return path;
}

describe.runIf(isRoot)('a full disk', () => {
  it('ends an item with STORAGE_FULL and leaves what was committed', async () => {
    const home = smallDisk(2048);
    const { store } = temporaryStore({ home });
    const { openCase, exhibit } = await newExhibit(store);
    onTestFinished(async () => {
      await openCase.release().catch(() => undefined);
    });
    await exhibit.writeOpening(OPENING);
    await collectOne(exhibit, 'small', Buffer.alloc(1000, 's'));
    await exhibit.plan(planOf('logs/large'));
    const writer = await exhibit.sink.open(draftOf('logs/large', 'data/large.log'));
    const write = async (): Promise<void> => {
      for (let n = 0; n < 100; n += 1) await writer.write(Buffer.alloc(65_536, 'l'));
      await writer.commit(factsOf('logs/large'));
    };
    await expect(write()).rejects.toMatchObject({ code: 'STORAGE_FULL', exitCode: 30 });
    await writer.abort();
    expect(readdirSync(exhibit.layout.data)).toEqual(['pods']);
    await collectOne(exhibit, 'after', Buffer.alloc(1000, 'a'));
    const policy = { requireTimestamp: false, requireSigners: 1 };
    const sealed = await sealExhibit({
      openCase,
      exhibit,
      signer: memorySigner(),
      clock: systemClock,
      io: quietIo,
      policy,
      sbom: SBOM,
    });
    expect(sealed.report.verdict).toBe('VERIFIED_PARTIAL');
    expect(sealed.statement.payloadFiles).toBe(2);
  });

  it('never breaks a record, at whichever byte the disk is full', async () => {
    for (let spareBytes = 0; spareBytes < 60_000; spareBytes += 7001) {
      const home = smallDisk(1024);
      const { store } = temporaryStore({ home });
      const { openCase, exhibit } = await newExhibit(store);
      await exhibit.writeOpening(OPENING);
      await collectOne(exhibit, 'first', Buffer.from('first'));
      const filler = join(home, 'filler');
      const free = Number(
        spawnSync('stat', ['-f', '-c', '%a %S', home])
          .stdout.toString()
          .split(' ')
          .reduce((a, b) => String(Number(a) * Number(b))),
      );
      writeFileSync(filler, Buffer.alloc(Math.max(0, free - spareBytes)));
      let done = 1;
      const fill = async (): Promise<void> => {
        for (let n = 0; n < 300; n += 1) {
          await collectOne(exhibit, `n${String(n)}`, Buffer.alloc(300, 'x'));
          done += 1;
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      await openCase.release().catch(() => undefined);
      spawnSync('rm', [filler]);
      const again = await store.open(openCase.file.caseId);
      const recovered = await again.exhibit();
      expect(recovered?.counts().items).toBeGreaterThanOrEqual(done);
      expect(recovered?.counts().items).toBeLessThanOrEqual(done + 1);
      await again.release();
    }
  });

  it('refuses a seal that may not fit, before it begins', async () => {
    const { store } = temporaryStore({ home: smallDisk(2048) });
    const { openCase, exhibit } = await newExhibit(store);
    onTestFinished(async () => {
      await openCase.release();
    });
    await collectOne(exhibit, 'a', Buffer.alloc(1_200_000, 'a'));
    const policy = { requireTimestamp: false, requireSigners: 1 };
    await expect(
      sealExhibit({ openCase, exhibit, signer: memorySigner(), clock: systemClock, io: quietIo, policy, sbom: SBOM }),
    ).rejects.toMatchObject({
      code: 'STORAGE_FULL',
    });
    expect(readdirSync(openCase.sealedDirectory)).toEqual([]);
  });
});
