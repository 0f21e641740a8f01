import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { allowedSignersOf, gzipOf, packBag, sealedBag, type Bag } from '../fakes/archive-builder.js';
import { stampBag } from '../fakes/stamp-bag.js';
import { needs } from '../fakes/stock-tools.js';
import { trustedKey } from '../fakes/tamper.js';
import { makeTsa, type KeyKind, type Tsa } from '../fakes/token-maker.js';
import { verifyBytes } from '../fakes/verify-bytes.js';
import { chromiumPath, VerifierPage, type Shown } from './verifier-page.js';

const isThere = chromiumPath !== null;
const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const validity = { fromMs: AT_MS - 86_400_000, untilMs: AT_MS + 86_400_000 };
const KINDS: readonly KeyKind[] = ['ec', 'ec384', 'rsa', 'rsa-pss'];

let page: VerifierPage;

beforeAll(async () => {
  if (isThere) page = await VerifierPage.open();
});
afterEach(() => {
  if (isThere) expect(page.offences.splice(0)).toEqual([]);
});
afterAll(async () => {
  if (isThere) await page.close();
});

function stampedBag(tsa: Tsa): Bag {
  const policy = { requireTimestamp: true, requireSigners: 1 };
  return stampBag(sealedBag(trustedKey, { statement: { policy } }), tsa, { changes: { genTimeMs: AT_MS } });
}

/** What the page shows, after making sure that the program says the same. */
async function shown(bag: Bag, roots: string): Promise<Shown> {
  const container = gzipOf(packBag(bag));
  const result = await page.verify(container, { signers: allowedSignersOf(trustedKey), roots });
  const tsaRoots = roots === '' ? null : { source: 'roots.pem', text: roots };
  expect(result.verdict).toBe((await verifyBytes(container, trustedKey, { tsaRoots })).verdict);
  return result;
}

describe.skipIf(!isThere)(`time-stamps in verify.html in Chromium${needs('chromium', isThere)}`, () => {
  it.each(KINDS)('pass by a root that the reader gives, and not by another one: %s', async (kind) => {
    const tsa = makeTsa({ kind, withIntermediate: true, validity });
    const bag = stampedBag(tsa);
    const { verdict, text } = await shown(bag, tsa.root.pem);
    expect(verdict).toBe('VERIFIED');
    expect(text).toContain('The signature was there no later than 2026-01-02T03:04:05.000Z');
    expect(text).toContain('good token of an authority that you gave the root of');
    const other = await shown(bag, makeTsa({ kind, validity }).root.pem);
    expect(other.verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(other.text).toContain('leads to none of the roots that were given');
  });

  it('are a claim that nobody checked where no root was given', async () => {
    const { verdict, text } = await shown(stampedBag(makeTsa({ validity })), '');
    expect(verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(text).toContain('whose token it is was NOT CHECKED');
    expect(text).toContain('an authority claims this time that was not checked against a list of yours');
  });

  it('of other data, or changed, make the archive TAMPERED', async () => {
    const tsa = makeTsa({ validity });
    const bag = stampedBag(tsa);
    const reply = bag.files.get('seal/seal.tsr') ?? Buffer.alloc(0);
    const changed = Buffer.from(reply);
    changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
    bag.files.set('seal/seal.tsr', changed);
    const found = await shown(bag, tsa.root.pem);
    expect([found.verdict, found.text.includes('its signature is wrong')]).toEqual(['TAMPERED', true]);
    const elsewhere = stampedBag(tsa);
    const here = sealedBag(trustedKey);
    for (const path of ['seal/seal.tsq', 'seal/seal.tsr', 'seal/tsa-chain.pem'])
      here.files.set(path, elsewhere.files.get(path) ?? Buffer.alloc(0));
    const planted = await shown(here, tsa.root.pem);
    expect([planted.verdict, planted.text.includes('it is over other bytes')]).toEqual(['TAMPERED', true]);
  });

  it('bring hostile names, which are shown and nothing else', async () => {
    const name = '<img src=x onerror=alert(1)>\u202e\u001b[2J';
    const tsa = makeTsa({ name, validity });
    const { text } = await shown(stampedBag(tsa), tsa.root.pem);
    expect(text).toContain('<img src=x onerror=alert(1)>\\u{202e}\\x1b[2J time-stamping');
    expect(await page.page.locator('#result img').count()).toBe(0);
  });

  it('are not judged by roots that cannot be read', async () => {
    const { verdict, problem } = await page.verify(gzipOf(packBag(sealedBag(trustedKey))), { roots: 'no PEM' });
    expect([verdict, problem]).toEqual(['', expect.stringContaining('hold no certificate')]);
  });
});
