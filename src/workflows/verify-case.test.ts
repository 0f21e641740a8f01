import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  collectOne,
  memorySigner,
  NEW_CASE,
  OPENING,
  quietIo,
  SBOM,
  temporaryStore,
} from '../../test/fakes/evidence-case.js';
import { sealExhibit } from '../evidence/seal-exhibit.js';
import { systemClock } from '../lib/clock.js';
import { verifyCase, type VerifyCaseSummary } from './verify-case.js';
import { verify } from './verify.js';

const signer = memorySigner();
const allowedSigners = { source: 'the test', text: `tester ${signer.publicKey}\n` };
/** Three archives of one case, with their receipts. */
let made: string;

beforeAll(async () => {
  const { store } = temporaryStore();
  const { caseId } = await store.create(NEW_CASE);
  const openCase = await store.open(caseId);
  made = openCase.sealedDirectory;
  for (const name of ['one', 'two', 'three']) {
    const exhibit = await openCase.openExhibit({ kind: 'drill' });
    await exhibit.writeOpening(OPENING);
    await collectOne(exhibit, name, Buffer.from(`${name}\n`));
    await sealExhibit({
      openCase,
      exhibit,
      signer,
      clock: systemClock,
      io: quietIo,
      policy: { requireTimestamp: false, requireSigners: 1 },
      sbom: SBOM,
    });
    await exhibit.close();
  }
  await openCase.release();
});

/** A folder with a copy of all three and of their receipts, `case/` and `receipts/`. */
function copied(): { directory: string; receiptsDirectory: string; path: (number: number, ending?: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'exhibit-sequence-'));
  const [directory, receiptsDirectory] = [join(folder, 'case'), join(folder, 'receipts')];
  mkdirSync(directory);
  mkdirSync(receiptsDirectory);
  const caseId = made.split('/').at(-2) ?? '';
  const nameOf = (number: number, ending = '.tar.gz'): string => `${caseId}-x000${String(number)}${ending}`;
  for (const number of [1, 2, 3]) {
    copyFileSync(join(made, nameOf(number)), join(directory, nameOf(number)));
    copyFileSync(join(made, nameOf(number, '.receipt.json')), join(receiptsDirectory, nameOf(number, '.receipt.json')));
  }
  return { directory, receiptsDirectory, path: (number, ending) => join(directory, nameOf(number, ending)) };
}

async function judged(directory: string, receiptsDirectory: string | null = null): Promise<VerifyCaseSummary> {
  return await verifyCase(
    { directory, receiptsDirectory },
    {
      verifyOne: async (archivePath, receiptPath) =>
        await verify(
          { archivePath, allowedSigners, receiptPath, requireComplete: false },
          { clock: systemClock, scratchDirectory: tmpdir() },
        ),
    },
  );
}

describe('verifyCase', () => {
  it('accepts a whole case, and compares each archive with the receipt that was kept', async () => {
    const { directory, receiptsDirectory } = copied();
    const { archives, findings, exitCode } = await judged(directory, receiptsDirectory);
    expect(findings).toEqual([]);
    expect(exitCode).toBe(0);
    expect(archives.map(({ verdict }) => verdict)).toEqual(['VERIFIED', 'VERIFIED', 'VERIFIED']);
    for (const { checks } of archives)
      expect(checks.find(({ check }) => check === 'receipt')).toMatchObject({ result: 'passed' });
  });

  it('names the exhibit that is missing from the middle', async () => {
    const { directory, path } = copied();
    rmSync(path(2));
    const { findings, exitCode } = await judged(directory);
    expect(findings).toMatchObject([
      { exhibitId: path(2).slice(-'aaaaaaaaaa-x0002.tar.gz'.length, -7), found: 'none' },
    ]);
    expect(exitCode).toBe(4);
  });

  it('cannot miss the last one without its receipt, and does with it', async () => {
    const { directory, receiptsDirectory, path } = copied();
    rmSync(path(3));
    expect(await judged(directory)).toMatchObject({ findings: [], exitCode: 0 });
    expect(await judged(directory, receiptsDirectory)).toMatchObject({
      findings: [{ expected: 'the archive of the receipt that was kept', found: 'none' }],
      exitCode: 4,
    });
  });

  it('says of an encrypted archive that it was not checked, and does not call it missing', async () => {
    const { directory, path } = copied();
    renameSync(path(2), path(2, '.tar.gz.age'));
    expect(await judged(directory)).toMatchObject({ encrypted: [path(2, '.tar.gz.age')], findings: [], exitCode: 4 });
  });

  it('refuses a folder without archives, and one that is not there', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'exhibit-sequence-'));
    await expect(judged(empty)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(judged(join(empty, 'none'))).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(judged(copied().directory, join(empty, 'none'))).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});
