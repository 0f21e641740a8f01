import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addCustodyEvent, type AddedCustodyEvent } from '../../src/evidence/post-seal/add-custody-event.js';
import { parseAllowedSigners, type AllowedSigners } from '../../src/evidence/allowed-signers.js';
import { asciiJson } from '../../src/lib/ascii-json.js';
import { systemClock } from '../../src/lib/clock.js';
import {
  CUSTODY_NAMESPACE,
  custodyRecordSchema,
  type CustodyExhibit,
  type CustodyRecord,
  type NewCustodyEvent,
} from '../../src/model/post-seal-custody.js';
import type { Clock } from '../../src/ports/clock.js';
import type { Signer } from '../../src/ports/signer.js';

export const EXHIBIT: CustodyExhibit = {
  exhibitId: 'case-abcd-x0001',
  tagmanifestSha256: 'a'.repeat(64),
  containerSha256: 'c'.repeat(64),
};

export const VERIFIED = { verdict: 'VERIFIED', reportSha256: 'b'.repeat(64) } as const;

/** A clock that begins at a time of its own and moves by a second with every look. */
export function steadyClock(startMs = 1_790_000_000_000): Clock {
  let nowMs = startMs;
  return {
    nowMs: () => (nowMs += 1000),
    monoUs: () => nowMs * 1000,
    bootId: () => 'boot-of-the-test',
  };
}

/** An archive that is not there, in a folder of its own, and its custody folder. */
export function temporaryCustody(): { readonly archivePath: string; readonly folder: string } {
  const directory = mkdtempSync(join(tmpdir(), 'exhibit-custody-'));
  return {
    archivePath: join(directory, `${EXHIBIT.exhibitId}.tar.gz`),
    folder: join(directory, `${EXHIBIT.exhibitId}.custody`),
  };
}

/** Everybody here is trusted for custody events. */
export function trusting(...signers: readonly Signer[]): AllowedSigners {
  return parseAllowedSigners(
    signers
      .map(({ publicKey }, n) => `signer${String(n)}@test namespaces="${CUSTODY_NAMESPACE}" ${publicKey}\n`)
      .join(''),
  );
}

/** Adds events one after the other. */
export async function addAll(
  archivePath: string,
  events: readonly (readonly [Signer, NewCustodyEvent])[],
  clock: Clock = systemClock,
): Promise<AddedCustodyEvent[]> {
  const added: AddedCustodyEvent[] = [];
  for (const [signer, event] of events)
    added.push(await addCustodyEvent({ archivePath, exhibit: EXHIBIT, event, signer, clock }));
  return added;
}

/** Writes an event that says what the test wants, well signed unless it says otherwise; its name follows from it unless given. */
export async function forge(
  folder: string,
  record: CustodyRecord,
  { signer, name }: { readonly signer: Signer; readonly name?: string },
): Promise<string> {
  const bytes = `${asciiJson(custodyRecordSchema.parse({ ...record, signer: signer.fingerprint }))}\n`;
  const file = name ?? `${String(record.seq).padStart(4, '0')}-${record.event}.json`;
  writeFileSync(join(folder, file), bytes);
  writeFileSync(join(folder, `${file}.sig`), await signer.sign(Buffer.from(bytes), CUSTODY_NAMESPACE));
  return createHash('sha256').update(bytes).digest('hex');
}
