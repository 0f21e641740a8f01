import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { User } from '../e2e/exhibit.js';
import { needs } from '../fakes/stock-tools.js';
import { chromiumPath, VerifierPage } from './verifier-page.js';

const isThere = chromiumPath !== null;
const user = new User();
let page: VerifierPage;

beforeAll(async () => {
  if (isThere) page = await VerifierPage.open();
});
afterAll(async () => {
  if (isThere) await page.close();
  user.remove();
});

it.skipIf(!isThere)(
  `verify.html and exhibit verify agree on what a drill of the built program sealed${needs('chromium', isThere)}`,
  async () => {
    const { document } = await user.json('drill', 'run', '--sandbox');
    const archive = String(document['archivePath']);
    const receipt = readFileSync(archive.replace(/\.tar\.gz$/, '.receipt.json'), 'utf8');
    const trust = join(user.home, 'allowed_signers');
    const program = await user.json('verify', archive, '--allowed-signers', trust);
    const { verdict, text } = await page.verifyFile(archive, { receipt, signers: readFileSync(trust, 'utf8') });
    expect([verdict, program.document['verdict']]).toEqual(['VERIFIED', 'VERIFIED']);
    expect(text).toContain('SANDBOX DRILL: made in a rehearsal.');
    expect(text).toContain('The archive is the one that the receipt describes.');
    expect(text).toContain(String(program.document['containerSha256']));
    expect(page.offences).toEqual([]);
  },
);
