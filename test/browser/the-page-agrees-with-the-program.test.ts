import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/model/exhibit.js';
import {
  allowedSignersOf,
  entriesOf,
  gzipOf,
  listBag,
  makeBag,
  packBag,
  receiptOf,
  sealedBag,
  sha256,
  signBag,
  tarOf,
  type Bag,
  type BagSpec,
  type TarEntry,
} from '../fakes/archive-builder.js';
import { IMPOSSIBLE, POSSIBLE } from '../fakes/impossible-archives.js';
import { needs } from '../fakes/stock-tools.js';
import { edit, type Change } from '../fakes/tamper.js';
import { flipBit, verifyBytes } from '../fakes/verify-bytes.js';
import { seededNumbers } from './random-bits.js';
import { chromiumPath, VerifierPage, type Shown } from './verifier-page.js';

const key = generateKeyPairSync('ed25519').privateKey;
const otherKey = generateKeyPairSync('ed25519').privateKey;
const goodBag = sealedBag(key);
const goodTar = packBag(goodBag);
const good = gzipOf(goodTar);
const LOG = 'data/pods/shop/web-1.4f3a9c21/app/current.log';
const isThere = chromiumPath !== null;

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

interface Trusting {
  readonly trusted?: KeyObject | null;
  readonly receipt?: Receipt;
}

/** What the page shows, after making sure that the program says the same. */
async function shown(container: Buffer, { trusted = key, receipt }: Trusting = {}): Promise<Shown> {
  const result = await page.verify(container, {
    signers: trusted === null ? '' : allowedSignersOf(trusted),
    receipt: receipt === undefined ? '' : JSON.stringify(receipt),
  });
  const { verdict } = await verifyBytes(container, trusted, receipt === undefined ? {} : { receipt });
  expect(result.verdict).toBe(verdict);
  return result;
}

const pack = (bag: Bag): Buffer => gzipOf(packBag(bag));
const sealed = (spec: BagSpec): Buffer => pack(sealedBag(key, spec));

/** A sealed bag that somebody without the key changed. */
function changed(change: Change): Buffer {
  const bag = sealedBag(key);
  change(bag);
  return pack(bag);
}

/** The good bag with entries that `change` makes of its own, whatever the order. */
function withEntries(change: (entries: TarEntry[]) => TarEntry[]): Buffer {
  return gzipOf(tarOf(change(entriesOf(goodBag)), goodBag.mtimeSeconds));
}

describe.skipIf(!isThere)(`verify.html in Chromium${needs('chromium', isThere)}: good archives`, () => {
  it('is VERIFIED with a list that trusts the signer', async () => {
    const { text } = await shown(good);
    expect(text).toMatch(/^Verdict on sample\.tar\.gz\s+VERIFIED\n/);
    expect(text).toContain('DRILL: made in a rehearsal');
    expect(text).toContain(sha256(good));
    expect(text).toContain(
      'Not checked here: time, receipt, snapshots outside the archive, custody after the seal, revoked keys.',
    );
  });

  it('never says VERIFIED without a list, and shows the fingerprint to compare', async () => {
    const { text } = await shown(good, { trusted: null });
    expect(text).not.toMatch(/VERIFIED/);
    expect(text).toContain('INTACT, BUT THE SIGNER IS NOT KNOWN TO BE TRUSTED');
    expect(text).toContain(receiptOf(goodBag, good, key).signer);
    expect((await shown(good, { trusted: otherKey })).text).toContain('the key is not in the list');
  });

  it('compares a receipt that fits, also one that was laid out by hand', async () => {
    const receipt = receiptOf(goodBag, good, key);
    expect((await shown(good, { receipt })).text).toContain('The archive is the one that the receipt describes.');
    const result = await page.verify(good, {
      receipt: JSON.stringify(receipt, null, 2),
      signers: allowedSignersOf(key),
    });
    expect(result.verdict).toBe('VERIFIED');
  });

  it('shows the gaps of a partial one before everything else', async () => {
    const outcomes = Array.from({ length: 40 }, (_, index) => ({
      artifact: `log/gone-${String(index).padStart(2, '0')}`,
      outcome: 'denied' as const,
      required: true,
    }));
    const { text } = await shown(sealed({ outcomes, statement: { kind: 'incident' } }));
    expect(text).toContain('VERIFIED, WITH GAPS');
    expect(text).toContain('40 required artifacts were not obtained in full');
    expect(text).not.toContain('DRILL');
    expect(text.indexOf('log/gone-00')).toBeLessThan(text.indexOf('Fingerprint'));
    expect(text).toContain('25 more');
    await page.page.locator('summary').press('Enter');
    expect(await page.page.locator('text=log/gone-39').isVisible()).toBe(true);
  });

  it.each([
    ['incident', 'VERIFIED'],
    ['sandbox', 'VERIFIED'],
  ] as const)('knows an exhibit of kind %s', async (kind, verdict) => {
    const { verdict: found, text } = await shown(sealed({ statement: { kind } }));
    expect(found).toBe(verdict);
    expect(text.includes('made in a rehearsal')).toBe(kind !== 'incident');
  });

  it('takes two signers where the policy asks for them', async () => {
    const statement = { policy: { requireTimestamp: false, requireSigners: 2 } };
    const bag = sealedBag(key, { statement });
    expect((await shown(pack(bag))).text).toContain('INTACT, BUT A SIGNATURE IS MISSING');
    const both = pack(signBag(bag, otherKey, 2));
    expect((await shown(both)).verdict).toBe('UNTRUSTED_SIGNER');
    const result = await page.verify(both, { signers: allowedSignersOf(key) + allowedSignersOf(otherKey) });
    expect(result.verdict).toBe('VERIFIED');
  });

  it.each([
    ['not signed', () => pack(listBag(makeBag())), 'INTACT, BUT NOT SIGNED'],
    [
      'whose policy asks for a time-stamp',
      () => sealed({ statement: { policy: { requireTimestamp: true, requireSigners: 1 } } }),
      'INTACT, BUT NO TIME-STAMP PASSED',
    ],
  ] as const)('says what is missing of one %s', async (_what, make, words) => {
    const { text } = await shown(make());
    expect(text).toContain(words);
    expect(text).not.toMatch(/VERIFIED/);
  });

  it.each(POSSIBLE)('accepts what looks odd and is allowed: $what', async ({ make }) => {
    expect((await shown(pack(signBag(listBag(make()), key)))).verdict).toBe('VERIFIED');
  });

  it('says that a signature was not checked where the browser cannot, and nothing better', async () => {
    // What a browser without Ed25519 does, and one that gives file: no WebCrypto at all.
    const without = [
      'crypto.subtle.importKey = async () => { throw new DOMException("x", "NotSupportedError") }',
      'Object.defineProperty(crypto, "subtle", { value: undefined })',
    ];
    for (const script of without) {
      await page.page.evaluate(script);
      const result = await page.verify(good, { signers: allowedSignersOf(key) });
      await page.reload();
      expect(result.verdict).toBe('SIGNATURE_NOT_CHECKED');
      expect(result.text).toContain('INTACT AS FAR AS THIS PAGE CAN TELL; SIGNATURE NOT CHECKED');
      expect(result.text).not.toMatch(/VERIFIED/);
    }
  });
});

describe.skipIf(!isThere)(`verify.html in Chromium${needs('chromium', isThere)}: bad archives`, () => {
  it('finds each of 48 turned bits in the file with the receipt, and those that matter without', async () => {
    const below = seededNumbers(20260102);
    const receipt = receiptOf(goodBag, good, key);
    for (let round = 0; round < 48; round += 1) {
      const bit = below(good.length * 8);
      const damaged = flipBit(good, bit);
      expect((await shown(damaged, { receipt })).verdict, `bit ${String(bit)}`).toBe('TAMPERED');
      await shown(damaged);
    }
  });

  it('finds each of 48 turned bits in the tar', async () => {
    const below = seededNumbers(42);
    for (let round = 0; round < 48; round += 1) {
      const bit = below(goodTar.length * 8);
      const { verdict, text } = await shown(gzipOf(flipBit(goodTar, bit)));
      expect(verdict, `bit ${String(bit)}`).toBe('TAMPERED');
      expect(text).toContain('Findings (');
    }
  });

  it('finds the tar cut at each boundary of a block', async () => {
    for (let end = 0; end < goodTar.length; end += 512) {
      const { verdict } = await shown(gzipOf(goodTar.subarray(0, end)));
      expect(verdict, `cut at ${String(end)}`).toBe('TAMPERED');
    }
  });

  it('finds the file cut anywhere', async () => {
    const below = seededNumbers(7);
    const ends = [0, 1, 9, 10, 11, 17, 18, good.length - 9, good.length - 8, good.length - 1];
    for (const end of [...ends, ...Array.from({ length: 20 }, () => below(good.length))]) {
      const { verdict } = await shown(good.subarray(0, end));
      expect(verdict, `cut at ${String(end)}`).toBe('TAMPERED');
    }
  });

  it.each([
    ['a second member', Buffer.concat([good, good])],
    ['an empty second member', Buffer.concat([good, gzipOf(Buffer.alloc(0))])],
    ['a byte after the end', Buffer.concat([good, Buffer.alloc(1)])],
    ['the trailer twice', Buffer.concat([good, good.subarray(-8)])],
    ['a megabyte of zeros after the end', Buffer.concat([good, Buffer.alloc(1_000_000)])],
    ['a second tar inside', gzipOf(Buffer.concat([goodTar, goodTar]))],
    ['a block after the end of the tar', gzipOf(Buffer.concat([goodTar, Buffer.alloc(512)]))],
    ['a bare tar', goodTar],
    ['a text', Buffer.from('no archive at all')],
  ])('finds %s', async (_what, container) => {
    const { verdict } = await shown(container);
    expect(verdict).toBe('TAMPERED');
  });

  it.each<[string, () => Buffer]>([
    ['an extra file', () => changed((bag) => bag.files.set('data/zzz', Buffer.from('planted')))],
    ['a missing file', () => changed((bag) => bag.files.delete(LOG))],
    ['a missing tag file', () => changed((bag) => bag.files.delete('meta/clock.jsonl'))],
    ['a file of no bag', () => changed((bag) => bag.files.set('meta/extra.jsonl', Buffer.alloc(0)))],
    ['a file twice', () => withEntries((entries) => entries.flatMap((entry) => [entry, entry]))],
    [
      'a name that differs in case only',
      () => withEntries((entries) => entries.flatMap((entry) => [entry, { ...entry, path: entry.path.toUpperCase() }])),
    ],
    [
      'a path that leaves the folder',
      () => withEntries((entries) => [...entries, { path: `${goodBag.root}/../evil`, bytes: Buffer.from('x') }]),
    ],
    ['another order', () => withEntries((entries) => entries.reverse())],
    ['everything changed and listed again without the key', () => pack(listBag(forged()))],
    [
      'a broken chain',
      () => resigned((bag) => edit(bag, 'custody/acquisition.jsonl', (text) => text.replace('tester', 'nobody'))),
    ],
    [
      'a statement that lies about its gaps',
      () => resigned((bag) => edit(bag, 'meta/exhibit.json', (text) => text.replace('"complete"', '"partial"'))),
    ],
    [
      'a statement that lies about its files',
      () =>
        resigned((bag) =>
          edit(bag, 'meta/exhibit.json', (text) => text.replace('"payloadFiles":3', '"payloadFiles":4')),
        ),
    ],
    [
      'a statement of another exhibit',
      () =>
        resigned((bag) => edit(bag, 'meta/exhibit.json', (text) => text.replace('case-abcd-x0001', 'case-abcd-x0002'))),
    ],
    ['a lone token', () => changed((bag) => bag.files.set('seal/seal.tsr', Buffer.from('x')))],
    ['a token about something else', () => withTokens()],
  ])('finds %s', async (_what, make) => {
    expect((await shown(make())).verdict).toBe('TAMPERED');
  });

  it.each(IMPOSSIBLE)('finds what somebody with the key made: $what', async ({ make }) => {
    expect((await shown(pack(signBag(listBag(make()), key)))).verdict).toBe('TAMPERED');
  });

  it.each([
    ['another file', { containerSha256: sha256('x') }],
    ['another exhibit', { exhibitId: 'case-abcd-x0002' }],
    ['another seal', { tagmanifestSha256: sha256('x') }],
    ['another signer', { signer: 'SHA256:x' }],
    ['fewer files', { payloadFiles: 1 }],
    ['another time', { genTime: '2026-01-02T03:04:05.000Z' }],
  ] as const)('finds that the receipt is of %s', async (_what, fields) => {
    const receipt = { ...receiptOf(goodBag, good, key), ...fields };
    const { verdict, text } = await shown(good, { receipt });
    expect([verdict, /receipt\s+failed/.test(text)]).toEqual(['TAMPERED', true]);
  });

  it.each([
    ['a receipt that is none', { receipt: '{"exhibitId":1}' }, 'The receipt cannot be read'],
    ['a receipt with a member twice', { receipt: doubled() }, 'The receipt cannot be read'],
  ])('refuses %s before it reads the archive', async (_what, given, words) => {
    const { verdict, problem } = await page.verify(good, given);
    expect([verdict, problem.startsWith(words)]).toEqual(['', true]);
  });

  it('says of an encrypted archive that it must be decrypted first', async () => {
    const { verdict, problem } = await page.verify(Buffer.from('age-encryption.org/v1\n-> X25519 x\n'));
    expect([verdict, problem]).toEqual(['', expect.stringContaining('encrypted')]);
  });

  it('gives no verdict in a browser that passes over bytes after the end', async () => {
    const blind = 'DecompressionStream = class extends DecompressionStream { constructor() { super("gzip"); } }';
    await page.page.evaluate(blind);
    const { verdict, problem } = await page.verify(good, { signers: allowedSignersOf(key) });
    await page.reload();
    expect([verdict, problem.startsWith('No verdict: this browser cannot be relied on')]).toEqual(['', true]);
  });
});

describe.skipIf(!isThere)(`verify.html in Chromium${needs('chromium', isThere)}: the file itself`, () => {
  it('allows one script and one style by their hash and nothing else', async () => {
    const html = readFileSync(join(page.directory, 'verify.html'), 'utf8');
    expect(html).toContain(`content="default-src 'none'; script-src 'sha256-`);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(
      /\beval\(|new Function|innerHTML|insertAdjacentHTML|\son[a-z]+="|https?:\/\/(?!json-schema)/,
    );
    const digest = readFileSync(join(page.directory, 'verify.html.sha256'), 'latin1');
    expect(digest).toBe(`${sha256(Buffer.from(html))}  verify.html\n`);
  });

  it.each([
    ['fetch', 'fetch("http://127.0.0.1:9/x").then(() => "done", () => "refused")'],
    [
      'an image',
      'new Promise((resolve) => { const i = new Image(); i.onload = () => resolve("done"); i.onerror = () => resolve("refused"); i.src = "http://127.0.0.1:9/x.png"; })',
    ],
    [
      'a data image',
      'new Promise((resolve) => { const i = new Image(); i.onload = () => resolve("done"); i.onerror = () => resolve("refused"); i.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw="; })',
    ],
    ['a worker', '(() => { try { new Worker("blob:x"); return "done"; } catch { return "refused"; } })()'],
    [
      'eval',
      'new Promise((resolve) => setTimeout(() => { try { resolve((0, eval)("\'done\'")); } catch { resolve("refused"); } }))',
    ],
    [
      'markup',
      '(() => { try { document.body.innerHTML = "<b>x</b>"; return "done"; } catch { return "refused"; } })()',
    ],
  ])('is kept by its own policy from %s', async (_what, attempt) => {
    expect(await page.page.evaluate(attempt)).toBe('refused');
    const offences = page.offences.splice(0);
    expect(offences.filter((offence) => offence.startsWith('console ')).length).toBeGreaterThan(0);
    // Chromium announces what it then blocks; nothing may have left the browser.
    expect(offences.filter((offence) => !offence.startsWith('console ') && !offence.startsWith('request '))).toEqual(
      [],
    );
    await page.reload();
  });

  it('is not run by the browser when one byte of its script was changed', async () => {
    const html = readFileSync(join(page.directory, 'verify.html'), 'utf8');
    const path = join(page.directory, 'changed.html');
    writeFileSync(path, html.replace("'VERIFIED'", "'VERIFIEE'").replace('"VERIFIED"', '"VERIFIEE"'));
    const tab = await page.page.context().newPage();
    await tab.goto(`file://${path}`);
    expect(await tab.locator('#ready').count()).toBe(0);
    await tab.close();
  });
});

function forged(): Bag {
  const bag = sealedBag(key);
  edit(bag, LOG, () => 'forged');
  return bag;
}

function resigned(change: Change): Buffer {
  const bag = makeBag();
  change(bag);
  return pack(signBag(listBag(bag), key));
}

function withTokens(): Buffer {
  return changed((bag) => {
    for (const path of ['seal/seal.tsq', 'seal/seal.tsr', 'seal/tsa-chain.pem']) bag.files.set(path, Buffer.from('x'));
  });
}

function doubled(): string {
  return JSON.stringify(receiptOf(goodBag, good, key)).replace('{', '{"exhibitId":"other-x0001",');
}
