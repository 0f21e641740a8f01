import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as program from '../../evidence/allowed-signers.js';
import { ed25519Blob, renderPublicKey } from '../../evidence/ssh-public-key.js';
import { findAllowedSigner, parseAllowedSigners } from './allowed-signers.js';

const blob = ed25519Blob(generateKeyPairSync('ed25519').privateKey);
const key = renderPublicKey({ type: 'ssh-ed25519', blob });
const NAMESPACE = 'exhibit-seal@v1';
const AT_MS = Date.parse('2026-06-01T00:00:00Z');

const option = fc.constantFrom(
  ...[`namespaces="${NAMESPACE}"`, 'namespaces="*"', 'namespaces="!exhibit-*,*"', 'namespaces="file,exhibit-????@v1"'],
  ...[
    'valid-after="20260101Z"',
    'valid-after="20270101"',
    'valid-before="20260101000000UTC"',
    'valid-before="20991231"',
  ],
  ...[
    'cert-authority',
    'cert-authority,namespaces="x"',
    'valid-before="soon"',
    'zones="x"',
    'namespaces=""',
    'namespaces=',
  ],
);
const line = fc
  .tuple(
    fc.constantFrom('me@example', '"a b,c"', 'x,y', '', '#', '  me'),
    fc.array(option, { maxLength: 3 }).map((options) => options.join(',')),
    fc.constantFrom(key, `${key} comment`, `${key}=`, 'ssh-ed25519 AAAA', key.slice(0, 30), ''),
  )
  .map((parts) => parts.filter((part) => part !== '').join(' '));

describe('the list of trusted signers', () => {
  it('trusts as the program trusts, for the same reasons', () => {
    const text = fc.array(fc.oneof(line, fc.string()), { maxLength: 4 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, (list) => {
        const [page, expected] = [parseAllowedSigners(list), program.parseAllowedSigners(list)];
        expect(page.unused).toEqual(expected.unused);
        expect(page.signers.map(({ principals }) => principals)).toEqual(
          expected.signers.map(({ principals }) => principals),
        );
        const query = { namespace: NAMESPACE, atMs: AT_MS };
        expect(findAllowedSigner(page, { ...query, keyBlob: new Uint8Array(blob) })).toEqual(
          program.findAllowedSigner(expected, { ...query, keyBlob: blob }),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
