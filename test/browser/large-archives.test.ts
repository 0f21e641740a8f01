import { randomFillSync } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealExhibit, type SealedExhibit } from '../../src/evidence/seal-exhibit.js';
import { systemClock } from '../../src/lib/clock.js';
import {
  draftOf,
  factsOf,
  memorySigner,
  newExhibit,
  OPENING,
  outcomeOf,
  planOf,
  quietIo,
  SBOM,
  temporaryStore,
} from '../fakes/evidence-case.js';
import { needs } from '../fakes/stock-tools.js';
import { chromiumPath, VerifierPage } from './verifier-page.js';

const MEGABYTE = 2 ** 20;
const signer = memorySigner();
const signers = `tester@example.test ${signer.publicKey}\n`;
const isThere = chromiumPath !== null;
const homes: string[] = [];
let page: VerifierPage;

interface Payload {
  readonly files: number;
  readonly pieces: number;
  /** The next piece of a file, at will in the same memory. */
  readonly piece: () => Uint8Array;
}

/** An exhibit as the product itself seals it, with payload of any size. */
async function sealed({ files, pieces, piece }: Payload): Promise<SealedExhibit> {
  const { store, home } = temporaryStore();
  homes.push(home);
  const { openCase, exhibit } = await newExhibit(store);
  try {
    await exhibit.writeOpening(OPENING);
    for (let number = 0; number < files; number += 1) {
      const name = `f-${String(number).padStart(6, '0')}`;
      const artifact = `logs/${name}`;
      await exhibit.plan(planOf(artifact));
      const writer = await exhibit.sink.open(draftOf(artifact, `data/pods/${name}/current.log`));
      for (let at = 0; at < pieces; at += 1) await writer.write(piece());
      await writer.commit(factsOf(artifact));
      await exhibit.outcome(outcomeOf(artifact));
    }
    const policy = { requireTimestamp: false, requireSigners: 1 };
    return await sealExhibit({ openCase, exhibit, signer, clock: systemClock, io: quietIo, policy, sbom: SBOM });
  } finally {
    await openCase.release();
  }
}

interface Memory {
  /** Of the script's heap, and of all memory outside it that the script holds, at their highest. */
  readonly heapMegabytes: number;
  readonly outsideMegabytes: number;
}

/** Looks at the memory of the page, without forcing anything to be freed, until `work` is done. */
async function withMemory<T>(work: Promise<T>): Promise<[T, Memory]> {
  const devtools = await page.devtools();
  let [heapBytes, outsideBytes] = [0, 0];
  let isDone = false;
  const watch = (async () => {
    while (!isDone) {
      const usage = await devtools.send('Runtime.getHeapUsage');
      heapBytes = Math.max(heapBytes, usage.usedSize);
      outsideBytes = Math.max(outsideBytes, usage.backingStorageSize);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    const result = await work;
    isDone = true;
    await watch;
    return [result, { heapMegabytes: heapBytes / MEGABYTE, outsideMegabytes: outsideBytes / MEGABYTE }];
  } finally {
    isDone = true;
    await devtools.detach();
  }
}

async function verified(payload: Payload, what: string): Promise<Memory> {
  const { archivePath } = await sealed(payload);
  const [{ verdict, text }, memory] = await withMemory(page.verifyFile(archivePath, { signers }));
  const speed = /Checked in .*unpacked/.exec(text)?.[0] ?? '';
  process.stderr.write(
    `verify.html, ${what}: ${speed}; heap at most ${memory.heapMegabytes.toFixed(0)} MiB, outside it ${memory.outsideMegabytes.toFixed(0)} MiB\n`,
  );
  expect(verdict, text).toBe('VERIFIED');
  return memory;
}

beforeAll(async () => {
  if (isThere) page = await VerifierPage.open();
});
afterAll(async () => {
  if (isThere) await page.close();
  for (const home of homes) await rm(home, { recursive: true });
});

const random = new Uint8Array(MEGABYTE);
const zeros = new Uint8Array(MEGABYTE);

describe.skipIf(!isThere)(`verify.html in Chromium${needs('chromium', isThere)}: large archives`, () => {
  it('reads 256 MiB that cannot be packed in a fraction of that memory', async () => {
    const memory = await verified({ files: 4, pieces: 64, piece: () => randomFillSync(random) }, '256 MiB random');
    expect(memory.heapMegabytes).toBeLessThan(64);
    expect(memory.outsideMegabytes).toBeLessThan(128);
  });

  it('reads 640 MiB of zeros in one file, which lie in a few megabytes, in a fraction of that memory', async () => {
    const memory = await verified({ files: 1, pieces: 640, piece: () => zeros }, '640 MiB zeros');
    expect(memory.heapMegabytes).toBeLessThan(64);
    expect(memory.outsideMegabytes).toBeLessThan(192);
  });

  it('reads 20,000 files', async () => {
    const memory = await verified({ files: 20_000, pieces: 1, piece: () => random.subarray(0, 2000) }, '20,000 files');
    expect(memory.heapMegabytes).toBeLessThan(128);
  });

  it('stays open to its user while it reads, and stops when told to, without a verdict', async () => {
    const { archivePath } = await sealed({ files: 1, pieces: 256, piece: () => randomFillSync(random) });
    await page.start(archivePath, { signers });
    await page.page.locator('#stop').click();
    const { verdict, problem } = await page.finished();
    expect([verdict, problem]).toEqual(['', 'Stopped. There is no verdict.']);
    expect(await page.page.locator('#stop').isVisible()).toBe(false);
    expect(page.offences).toEqual([]);
  });
});
