import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addAll,
  EXHIBIT,
  forge,
  steadyClock,
  temporaryCustody,
  trusting,
  VERIFIED,
} from '../../../test/fakes/custody-record.js';
import { makeBag } from '../../../test/fakes/archive-builder.js';
import { memorySigner } from '../../../test/fakes/evidence-case.js';
import { presentCustodyForm } from '../../cli/present-custody-form.js';
import { statementSchema } from '../../model/exhibit.js';
import { custodyFormOf } from './custody-form.js';
import { readCustodyFolder, type CustodyEvent } from './read-custody-folder.js';

const ann = memorySigner();
const ben = memorySigner();
const { archivePath, folder } = temporaryCustody();
const HOSTILE = '\u001b]0;owned\u0007\u202e=cmd|"/c calc"\n<script>';
const statement = statementSchema.parse(
  JSON.parse(
    makeBag({ statement: { holdId: 'HOLD-1', classification: 'TLP:AMBER' } })
      .files.get('meta/exhibit.json')
      ?.toString() ?? '',
  ),
);

async function formNow(withStatement = true, custodyFolder = folder) {
  const events: CustodyEvent[] = [];
  const reading = await readCustodyFolder({
    archivePath,
    folder: custodyFolder,
    exhibit: EXHIBIT,
    trust: { list: trusting(ann, ben), atMs: 1_790_000_000_000 },
    onEvent: (event) => events.push(event),
  });
  const facts = { exhibit: EXHIBIT, sealedBy: ann.fingerprint, reading, events };
  return custodyFormOf({ ...facts, statement: withStatement ? statement : null });
}

beforeAll(async () => {
  const clock = steadyClock();
  await addAll(
    archivePath,
    [
      [ann, { event: 'copy', to: 'vault', location: 'vault 1', data: { url: HOSTILE, token: 'T'.repeat(300) } }],
      [ann, { event: 'transfer-out', from: 'Ann', to: 'Ben', purpose: 'analysis', verified: VERIFIED }],
      [ben, { event: 'transfer-in', to: HOSTILE, location: 'safe 2', verified: VERIFIED }],
      [ben, { event: 'hold', authority: 'court order 5' }],
      [ben, { event: 'transfer-out', from: 'Ben', to: 'Cid' }],
    ],
    clock,
  );
});
afterAll(() => rmSync(join(folder, '..'), { recursive: true }));

describe('custodyFormOf', () => {
  it('holds what a form asks for: item, origin, hashes, place, hold, both sides of each transfer', async () => {
    const form = await formNow();
    expect(form).toMatchObject({
      caseNumber: 'case-abcd',
      itemNumber: 'case-abcd-x0001',
      collectedBy: 'tester',
      collectedAt: statement.createdAt,
      place: 'bench',
      authority: 'not stated',
      condition: 'complete',
      classification: 'TLP:AMBER',
      hold: 'court order 5',
      hashes: [
        { of: 'archive', value: EXHIBIT.containerSha256 },
        { of: 'tagmanifest-sha256.txt', value: EXHIBIT.tagmanifestSha256 },
      ],
      sealedBy: ann.fingerprint,
      storageLocation: 'safe 2',
      disposition: null,
      recordVerdict: 'CUSTODY_OPEN',
    });
    expect(form.method).toContain(statement.tool.programDigest);
    expect(form.transfers).toMatchObject([
      {
        releasedBy: 'Ann',
        receivedBy: HOSTILE,
        purpose: 'analysis',
        releaserSignature: { principal: 'signer0@test', fingerprint: ann.fingerprint },
        receiverSignature: { principal: 'signer1@test', fingerprint: ben.fingerprint },
        verifiedByReceiver: 'VERIFIED',
      },
      { releasedBy: 'Ben', receivedBy: 'Cid', receivedAt: null, receiverSignature: null, verifiedByReceiver: null },
    ]);
    expect(form.events[0]?.data).toEqual({ url: HOSTILE, token: '<300 characters>' });
    expect(form.events.map(({ seq, event }) => `${String(seq)} ${event}`)).toEqual([
      '1 copy',
      '2 transfer-out',
      '3 transfer-in',
      '4 hold',
      '5 transfer-out',
    ]);
    expect(form.remarks).toEqual([expect.stringContaining('unpaired: 0005-transfer-out.json')]);
  });

  it('shows as plain text, in which nothing that was written can act', async () => {
    const text = presentCustodyForm(await formNow());
    expect(text).toMatch(/^[\x20-\x7e\n]+$/);
    expect(text).toContain('\\x1b]0;owned\\x07\\u{202e}=cmd|"/c calc"\\n<script>');
    expect(text).toContain('NOT COMPLETE: no countersignature');
    expect(text).toMatch(/hash verified: +yes, verdict VERIFIED\n/);
    expect(text).toContain('State of this record: CUSTODY_OPEN.');
  });

  it('calls no transfer complete that the receiver did not verify or found wanting', async () => {
    const form = await formNow();
    const [transfer] = form.transfers;
    if (transfer === undefined) throw new Error('no transfer');
    const textOf = (change: Partial<typeof transfer>): string =>
      presentCustodyForm({ ...form, transfers: [{ ...transfer, ...change }] });
    expect(textOf({})).toContain('1. complete\n');
    expect(textOf({ verifiedByReceiver: null })).toContain('1. NOT COMPLETE: the receiver did not verify');
    expect(textOf({ verifiedByReceiver: 'TAMPERED' })).toContain('1. NOT COMPLETE: the receiver found');
    const nobody = { principal: null, fingerprint: ben.fingerprint };
    expect(textOf({ receiverSignature: nobody })).toContain('1. countersigned, by a key that nobody vouches for');
  });

  it('says what it does not know of an encrypted archive', async () => {
    const form = await formNow(false);
    expect(form).toMatchObject({
      caseNumber: null,
      collectedBy: null,
      condition: null,
      description: 'encrypted evidence archive (.tar.gz.age)',
    });
    expect(presentCustodyForm(form)).toContain('collected by:');
  });

  it('counts no countersignature that is about another ciphertext', async () => {
    const copy = join(folder, '..', 'copy');
    cpSync(folder, copy, { recursive: true });
    const last = (await formNow()).events.at(-1);
    const record = { ...EXHIBIT, ...template(last?.sha256 ?? '') };
    const out = await forge(
      copy,
      { ...record, encryptedSha256: 'd'.repeat(64), seq: 6, event: 'transfer-out', answers: null },
      { signer: ann },
    );
    const into = { ...record, encryptedSha256: 'e'.repeat(64), seq: 7, prev: out, answers: out };
    await forge(copy, { ...into, event: 'transfer-in' }, { signer: ben });
    const form = await formNow(true, copy);
    expect(form.transfers.at(-1)).toMatchObject({ receivedAt: null, receiverSignature: null });
  });

  it('counts no countersignature of the releaser, and no hold after its release', async () => {
    const copy = join(folder, '..', 'copy');
    cpSync(folder, copy, { recursive: true });
    const last = (await formNow()).events.at(-1);
    const record = { ...EXHIBIT, encryptedSha256: null, ...template(last?.sha256 ?? '') };
    const sha256 = await forge(copy, { ...record, seq: 6, event: 'transfer-in' }, { signer: ben });
    await forge(copy, { ...record, seq: 7, prev: sha256, event: 'release', answers: null }, { signer: ben });
    const form = await formNow(true, copy);
    expect(form.transfers[1]).toMatchObject({ receivedAt: null, receiverSignature: null });
    expect(form).toMatchObject({ hold: null, recordVerdict: 'CUSTODY_BROKEN' });
  });
});

function template(previous: string) {
  return {
    format: 'exhibit-custody/1',
    prev: previous,
    answers: previous,
    at: '2026-09-21T15:00:00.000Z',
    monoUs: 1,
    bootId: 'unknown',
    signer: '',
    from: null,
    to: null,
    location: null,
    purpose: null,
    authority: 'the court',
    remarks: null,
    verified: null,
    data: {},
  } as const;
}
