import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFidoKey } from '../../test/fakes/fido-key.js';
import { inHalf } from '../../test/fakes/other-half.js';
import { signWith } from '../../test/fakes/seal-key.js';
import { runTool } from '../../test/fakes/stock-tools.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import { renderVerifyGuide } from './verify-guide.js';
import { SIGNATURE_FORM_CHECK } from './verify-guide-signature.js';

const MESSAGE = Buffer.from('a tagmanifest');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-guide-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const p256 = (): string =>
  signWith(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, MESSAGE, SEAL_NAMESPACE);
const fido = (): string => makeFidoKey('sk-ecdsa-sha2-nistp256@openssh.com').sign(MESSAGE, SEAL_NAMESPACE);

function statusOf(armored: string): number | null {
  const [script, file] = [join(directory, 'form.py'), join(directory, 'signature')];
  writeFileSync(script, SIGNATURE_FORM_CHECK);
  writeFileSync(file, armored);
  return runTool('python3', [script, file]).status;
}

describe('the form of a signature in VERIFY.md', () => {
  it.each([
    ['a P-256 key', p256],
    ['a FIDO key with P-256', fido],
  ])('is that in which it was made: %s', (_what, sign) => {
    const armored = sign();
    expect(statusOf(inHalf(armored, 'low'))).toBe(0);
    expect(statusOf(inHalf(armored, 'high'))).toBe(1);
  });

  it('is the only one of other algorithms', () => {
    expect(statusOf(signWith(generateKeyPairSync('ed25519').privateKey, MESSAGE, SEAL_NAMESPACE))).toBe(0);
    expect(statusOf(makeFidoKey('sk-ssh-ed25519@openssh.com').sign(MESSAGE, SEAL_NAMESPACE))).toBe(0);
  });

  it('is refused where there is none', () => {
    for (const text of ['', '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n', '!\n%\n\n'])
      expect(statusOf(text)).toBe(1);
  });

  it('is asked for of every signer', () => {
    const guide = renderVerifyGuide({
      statement: JSON.parse(
        '{"exhibitId":"case-abcd-x0001","caseId":"case-abcd","policy":{"requireTimestamp":false}}',
      ) as Parameters<typeof renderVerifyGuide>[0]['statement'],
      signers: ['SHA256:one', 'SHA256:two'],
    });
    const [, check = ''] = /^check_signer\(\) \{\n(.*?)^\}$/ms.exec(guide) ?? [];
    expect(check).toContain('python3 "$SCRATCH/form.py" "$1"');
    expect(guide.match(/^check_signer seal\//gm)).toHaveLength(2);
  });
});
