import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChainedLog } from '../custody/chained-log.js';
import { systemClock } from '../lib/clock.js';
import { archiveOf } from './archive-of.js';
import { readCaseHistory } from './case-state.js';

const ID = 'case-abcd-x0001';
const OPENED = { event: 'exhibit-opened', exhibitId: ID, sequence: 1 };
const DIGESTS = { tagmanifestSha256: 'a', containerSha256: 'b', custodyHeadSha256: 'c' };
const SEALED = { event: 'exhibit-sealed', exhibitId: ID, sequence: 1, ...DIGESTS };
const GIVEN_UP = { event: 'exhibit-given-up', exhibitId: ID, sequence: 1, custodyHeadSha256: 'c', reason: 'r' };
const ASKED = { event: 'encryption-asked', exhibitId: ID, recipients: ['age1x'], keepPlaintext: false };
const KEPT = { ...ASKED, keepPlaintext: true };
const ENCRYPTED = { event: 'exhibit-encrypted', exhibitId: ID, encryptedSha256: 'd' };
const REMOVED = { event: 'plaintext-removed', exhibitId: ID };

async function historyOf(...events: readonly { readonly event: string }[]) {
  const path = join(mkdtempSync(join(tmpdir(), 'exhibit-history-')), 'case.jsonl');
  const { log } = await ChainedLog.open({ path, clock: systemClock, actor: 'tester' });
  for (const { event, ...fields } of events) await log.append(event, fields);
  await log.close();
  const [exhibit] = readCaseHistory(path).exhibits;
  if (exhibit === undefined) throw new Error('no exhibit');
  return { ...exhibit.encryption, archive: archiveOf('/s', exhibit) };
}

const PLAIN = `/s/${ID}.tar.gz`;

describe('the encryption in the history of a case', () => {
  it.each([
    ['asked for before the seal', [OPENED, ASKED], { state: 'asked', archive: null }],
    ['asked for, and sealed', [OPENED, ASKED, SEALED], { state: 'asked', encryptedSha256: null, archive: PLAIN }],
    ['asked for again with others', [OPENED, SEALED, ASKED, KEPT], { state: 'asked', keepPlaintext: true }],
    ['half done', [OPENED, ASKED, SEALED, ENCRYPTED], { state: 'encrypted', archive: `${PLAIN}.age` }],
    [
      'done',
      [OPENED, SEALED, ASKED, ENCRYPTED, REMOVED],
      { state: 'done', encryptedSha256: 'd', archive: `${PLAIN}.age` },
    ],
    ['done with the plaintext kept', [OPENED, SEALED, KEPT, ENCRYPTED], { state: 'done', archive: PLAIN }],
  ])('is %s', async (_what, events, expected) => {
    await expect(historyOf(...events)).resolves.toMatchObject(expected);
  });

  it.each([
    ['of an exhibit that was never opened', [ASKED]],
    ['of one that was given up', [OPENED, GIVEN_UP, ASKED]],
    ['that nobody asked for', [OPENED, SEALED, ENCRYPTED]],
    ['before the seal', [OPENED, ASKED, ENCRYPTED]],
    ['twice', [OPENED, SEALED, ASKED, ENCRYPTED, ENCRYPTED]],
    ['asked for when it is done', [OPENED, SEALED, ASKED, ENCRYPTED, ASKED]],
    ['whose plaintext went before', [OPENED, SEALED, ASKED, REMOVED]],
    ['whose plaintext was to be kept', [OPENED, SEALED, KEPT, ENCRYPTED, REMOVED]],
  ])('cannot be one %s', async (_what, events) => {
    await expect(historyOf(...events)).rejects.toMatchObject({ code: 'CASE_CORRUPT' });
  });
});
