import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  itemEvent,
  listBag,
  makeBag,
  packBag,
  SAMPLE_PAYLOAD,
  signBag,
} from '../../../test/fakes/archive-builder.js';
import { verifyBytes } from '../../../test/fakes/verify-bytes.js';
import type { VerifyReport } from '../../model/verdict.js';
import { ed25519Blob, fingerprintOf } from '../ssh-public-key.js';

const [first, second] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey];
const policy = { requireTimestamp: false, requireSigners: 2 };

/** The custody log says that `first` signs first, as that of a seal does. */
async function reportOf(...keys: readonly KeyObject[]): Promise<VerifyReport> {
  const seal = { event: 'seal', signer: fingerprintOf(ed25519Blob(first)) };
  const events = [{ event: 'open' }, ...SAMPLE_PAYLOAD.map(itemEvent), seal];
  const bag = listBag(makeBag({ statement: { policy }, events }));
  for (const [index, key] of keys.entries()) signBag(bag, key, index + 1);
  const text = allowedSignersOf(first) + allowedSignersOf(second);
  return await verifyBytes(gzipOf(packBag(bag)), null, { allowedSigners: { source: 'test', text } });
}

describe('two signers', () => {
  it('stand in the order that the custody log names', async () => {
    expect((await reportOf(first, second)).verdict).toBe('VERIFIED');
  });

  it('that changed places are found without the receipt, because the log names the first', async () => {
    const report = await reportOf(second, first);
    expect(report).toMatchObject({
      verdict: 'TAMPERED',
      findings: [{ check: 'signature', path: 'seal/tagmanifest-sha256.txt.sig' }],
    });
  });
});
