import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AGE, ageKey } from '../../test/fakes/age-world.js';
import { draftOf, factsOf, memorySigner, newExhibit } from '../../test/fakes/evidence-case.js';
import { OPENING, outcomeOf, planOf, quietIo, SBOM, temporaryStore } from '../../test/fakes/evidence-case.js';
import { readRecipients } from '../evidence/age/recipients.js';
import { systemClock } from '../lib/clock.js';
import { sealAndEncrypt, type SealAndEncryptSummary } from './seal-and-encrypt.js';

const key = await ageKey();

async function sealWith(
  collector: string,
  sensitivity: 'secret' | 'normal',
  isEncrypted: boolean,
): Promise<SealAndEncryptSummary> {
  const { store, home } = temporaryStore({ io: quietIo });
  try {
    const { openCase, exhibit } = await newExhibit(store);
    await exhibit.writeOpening(OPENING);
    await exhibit.plan({ ...planOf('image'), collector });
    const writer = await exhibit.sink.open({ ...draftOf('image', 'data/image.bin'), collector, sensitivity });
    await writer.write(Buffer.from('memory'));
    await writer.commit(factsOf('image'));
    await exhibit.outcome({ ...outcomeOf('image'), collector });
    await exhibit.close();
    await openCase.release();
    const { caseId } = openCase.file;
    const recipients = await readRecipients([key.recipient]);
    const encryption = isEncrypted ? { recipients, keepPlaintext: false } : null;
    const deps = {
      store,
      signer: memorySigner(),
      countersigners: [],
      timestampers: [],
      clock: systemClock,
      io: quietIo,
    };
    return await sealAndEncrypt(
      { caseId, classification: null, encryption },
      { ...deps, sbom: SBOM, signal: new AbortController().signal, program: AGE, newPassphrase: null },
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

describe('an exhibit with memory in it', () => {
  it.each(['checkpoint', 'node-memory'])('of %s is not sealed in plaintext', async (collector) => {
    await expect(sealWith(collector, 'secret', false)).rejects.toMatchObject({ code: 'SEAL_NEEDS_ENCRYPTION' });
  });

  it('is sealed together with its encryption, and without it where only the symbols were taken', async () => {
    expect((await sealWith('node-memory', 'secret', true)).encrypted).toHaveLength(1);
    expect((await sealWith('node-memory', 'normal', false)).sealed).not.toBeNull();
  });
});
