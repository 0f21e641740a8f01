import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChainedLog } from '../custody/chained-log.js';
import { systemClock } from '../lib/clock.js';
import type { CustodyEvent } from '../model/custody-entry.js';
import { leftOnNodes, type LeftOnNodes } from './left-on-nodes.js';

const FOLDER = '/var/lib/kubelet/checkpoints';
const SUBJECT = 'pods shop/cart container app';
const PREFIX = `${FOLDER}/checkpoint-cart_shop-app-`;

type Entry = readonly [CustodyEvent, Readonly<Record<string, unknown>>];
const asked: Entry = [
  'action',
  { kind: 'checkpoint-container', subject: SUBJECT, intended: { file: `${PREFIX}<time>.tar`, node: 'node1' } },
];
const answered = (outcome: string, detail = ''): Entry => [
  'side-effect',
  { kind: 'checkpoint-container', subject: SUBJECT, outcome, detail },
];
const removed = (outcome: string): Entry => [
  'side-effect',
  {
    kind: 'remove-checkpoint',
    subject: `node1:${PREFIX}2026.tar`,
    outcome,
    after: outcome === 'proven-gone' ? null : { path: `${PREFIX}2026.tar` },
  },
];

let casesDirectory: string;
beforeEach(() => {
  casesDirectory = mkdtempSync(join(tmpdir(), 'exhibit-left-'));
});
afterEach(() => {
  rmSync(casesDirectory, { recursive: true, force: true });
});

const path = (caseId: string): string => join(casesDirectory, caseId, 'exhibits', `${caseId}-x0001`, 'custody.jsonl');

async function log(caseId: string, entries: readonly Entry[]): Promise<void> {
  mkdirSync(join(path(caseId), '..'), { recursive: true });
  const { log: custody } = await ChainedLog.open<CustodyEvent>({ path: path(caseId), clock: systemClock, actor: 'a' });
  for (const [event, fields] of entries) await custody.append(event, fields);
  await custody.close();
}

async function left(caseId: string | null = 'k7m2p9k7m2'): Promise<LeftOnNodes> {
  const list = () =>
    Promise.resolve(
      ['k7m2p9k7m2', 'abcdefghjk'].map((one) => ({
        ...{ caseId: one, reference: '', state: 'open' as const, openedAt: '' },
        exhibits: [{ exhibitId: `${one}-x0001`, sequence: 1, state: 'open' as const, encryption: null }],
      })),
    );
  return await leftOnNodes({ list }, { casesDirectory, caseId });
}

describe('checkpoints that the custody log does not prove gone', () => {
  it.each<[string, readonly Entry[], readonly string[]]>([
    ['none was asked for', [], []],
    ['refused', [asked, answered('refused')], []],
    ['the runtime could not', [asked, answered('unknown', 'status 500: CRIU')], []],
    ['made, fetched and removed', [asked, answered('done'), removed('proven-gone')], []],
    ['made and left behind', [asked, answered('done'), removed('left-behind')], [`${PREFIX}2026.tar`]],
    ['made, and the run was killed', [asked, answered('done')], [`${PREFIX}<time>.tar`]],
    ['asked for, and the run was killed', [asked], [`${PREFIX}<time>.tar`]],
    ['the answer was lost', [asked, answered('unknown', 'connection reset')], [`${PREFIX}<time>.tar`]],
    [
      'two, of which one is gone',
      [asked, answered('done'), removed('proven-gone'), asked, answered('done')],
      [`${PREFIX}<time>.tar`],
    ],
    [
      'one left behind, and a second one refused',
      [asked, answered('done'), removed('left-behind'), asked, answered('refused')],
      [`${PREFIX}2026.tar`],
    ],
    ['one, and a second one refused', [asked, answered('done'), asked, answered('refused')], [`${PREFIX}<time>.tar`]],
  ])('%s', async (_, entries, files) => {
    await log('k7m2p9k7m2', entries);
    expect(await left()).toEqual({
      files: files.map((file) => ({ node: 'node1', file, exhibitId: 'k7m2p9k7m2-x0001' })),
      unread: [],
    });
  });

  it('are those of one case, or of every case', async () => {
    await log('abcdefghjk', [asked]);
    expect((await left()).files).toEqual([]);
    expect((await left(null)).files).toHaveLength(1);
  });

  it('are unknown where a log is damaged; what stands before it counts', async () => {
    await log('k7m2p9k7m2', [asked]);
    writeFileSync(path('k7m2p9k7m2'), '{"seq":9}\n', { flag: 'a' });
    expect(await left()).toMatchObject({ files: [{ node: 'node1' }], unread: ['k7m2p9k7m2-x0001'] });
  });
});
