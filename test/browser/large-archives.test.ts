import { generateKeyPairSync, randomFillSync } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealExhibit } from '../../src/evidence/seal-exhibit.js';
import { systemClock } from '../../src/lib/clock.js';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../fakes/archive-builder.js';
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
async function sealed({ files, pieces, piece }: Payload): Promise<string> {
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
    const { archivePath } = await sealExhibit({
      openCase,
      exhibit,
      signer,
      clock: systemClock,
      io: quietIo,
      policy,
      sbom: SBOM,
    });
    return archivePath;
  } finally {
    await openCase.release();
  }
}

interface Cost {
  /** Of the process that holds the page: what a loaded machine does not change much. */
  readonly cpuSeconds: number;
  /** Of the script's heap, and of all memory outside it that the script holds, at their highest. */
  readonly heapMegabytes: number;
  readonly outsideMegabytes: number;
}

/** Looks at the page, without forcing any memory to be freed, until the work is done. */
async function withCost<T>(start: () => Promise<T>): Promise<[T, Cost]> {
  const devtools = await page.devtools();
  await devtools.send('Performance.enable');
  const cpuSeconds = async (): Promise<number> => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'ProcessTime')?.value ?? 0;
  };
  const before = await cpuSeconds();
  const state = { heapBytes: 0, outsideBytes: 0, isDone: false };
  const watch = async (): Promise<void> => {
    while (!state.isDone) {
      const { usedSize, backingStorageSize } = await devtools.send('Runtime.getHeapUsage');
      state.heapBytes = Math.max(state.heapBytes, usedSize);
      state.outsideBytes = Math.max(state.outsideBytes, backingStorageSize);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const done = start().finally(() => {
    state.isDone = true;
  });
  const [result] = await Promise.all([done, watch()]);
  const spent = (await cpuSeconds()) - before;
  await devtools.detach();
  return [
    result,
    { cpuSeconds: spent, heapMegabytes: state.heapBytes / MEGABYTE, outsideMegabytes: state.outsideBytes / MEGABYTE },
  ];
}

async function verified(archivePath: string, what: string, trusted = signers): Promise<Cost> {
  const [{ verdict, text }, cost] = await withCost(
    async () => await page.verifyFile(archivePath, { signers: trusted }),
  );
  const speed = /Checked in .*unpacked/.exec(text)?.[0] ?? '';
  const unpackedBytes = Number(/bytes, ([\d,]+) unpacked/.exec(text)?.[1]?.replaceAll(',', ''));
  const perCpuSecond = (unpackedBytes / 1e6 / cost.cpuSeconds).toFixed(0);
  const held = `heap at most ${cost.heapMegabytes.toFixed(0)} MiB, outside it ${cost.outsideMegabytes.toFixed(0)} MiB`;
  process.stderr.write(`verify.html, ${what}: ${speed}; ${perCpuSecond} MB per CPU second; ${held}\n`);
  expect(verdict, text).toBe('VERIFIED');
  return cost;
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
  it('reads 384 MiB that cannot be packed in a fraction of that memory', async () => {
    const cost = await verified(
      await sealed({ files: 6, pieces: 64, piece: () => randomFillSync(random) }),
      '384 MiB random',
    );
    expect(cost.heapMegabytes).toBeLessThan(64);
    // Nothing is freed before Chromium thinks of it, at some 130 to 210 MiB.
    expect(cost.outsideMegabytes).toBeLessThan(256);
  });

  it('reads 640 MiB of zeros in one file, which lie in a few megabytes, in a fraction of that memory', async () => {
    const cost = await verified(await sealed({ files: 1, pieces: 640, piece: () => zeros }), '640 MiB zeros');
    expect(cost.heapMegabytes).toBeLessThan(64);
    expect(cost.outsideMegabytes).toBeLessThan(384);
  });

  it.skipIf(process.env['EXHIBIT_BROWSER_WHOLE'] !== '1')(
    'reads an archive of more than 2 GiB that cannot be packed, in the same memory (only with EXHIBIT_BROWSER_WHOLE=1)',
    async () => {
      const archivePath = await sealed({ files: 2, pieces: 1100, piece: () => randomFillSync(random) });
      expect(statSync(archivePath).size).toBeGreaterThan(2 ** 31);
      const cost = await verified(archivePath, '2,200 MiB random');
      expect(cost.heapMegabytes).toBeLessThan(64);
      expect(cost.outsideMegabytes).toBeLessThan(192);
    },
    1_800_000,
  );

  it('reads 30,000 files', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const payload = Array.from({ length: 30_000 }, (_, index) => {
      const name = String(index).padStart(6, '0');
      return {
        path: `data/pods/shop/web-${name}/current.log`,
        bytes: Buffer.from(`${name}\n`.repeat(200)),
        artifact: `log/${name}`,
      };
    });
    const path = join(page.directory, 'many.tar.gz');
    writeFileSync(path, gzipOf(packBag(sealedBag(key, { payload }))));
    const cost = await verified(path, '30,000 files', allowedSignersOf(key));
    expect(cost.heapMegabytes).toBeLessThan(160);
  });

  it('stays open to its user while it reads, and stops when told to, without a verdict', async () => {
    const archivePath = await sealed({ files: 1, pieces: 256, piece: () => randomFillSync(random) });
    await page.start(archivePath, { signers });
    await page.page.locator('#stop').click();
    const { verdict, problem } = await page.finished();
    expect([verdict, problem]).toEqual(['', 'Stopped. There is no verdict.']);
    expect(await page.page.locator('#stop').isVisible()).toBe(false);
    expect(page.offences).toEqual([]);
  });
});
