import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  listBag,
  makeBag,
  packBag,
  receiptOf,
  sealedBag,
  signBag,
} from '../fakes/archive-builder.js';
import { needs } from '../fakes/stock-tools.js';
import { edit, editRecords } from '../fakes/tamper.js';
import { verifyBytes } from '../fakes/verify-bytes.js';
import { chromiumPath, VerifierPage } from './verifier-page.js';

const key = generateKeyPairSync('ed25519').privateKey;
const signers = allowedSignersOf(key);
const goodBag = sealedBag(key);
const good = gzipOf(packBag(goodBag));
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

const MARKUP = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>',
  '</style><style>*{display:none}',
  '<a href="javascript:alert(1)">x</a>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '{{constructor.constructor("alert(1)")()}}',
  '<base href="http://evil.test/"><meta http-equiv=refresh content="0;url=http://evil.test/">',
].join('');
const CONTROLS = 'a\u001b[2Jb\u202etxt.exe\u2066\u200bc\u0000\u0007\r\n\u{e0041}';
const MEGABYTE = MARKUP.repeat(1 + Math.floor(1_000_000 / MARKUP.length)).slice(0, 1_000_000);

function hostileArchive(detail: string): Buffer {
  const artifact = `log/${MARKUP.slice(0, 300)}`;
  const statement = {
    kind: 'incident' as const,
    authority: { by: `${MARKUP}${CONTROLS}`, at: CONTROLS, ground: MARKUP, limits: {} },
    operator: { apiIdentity: null, cloudIdentity: null, osUser: MARKUP, host: CONTROLS },
    classification: MARKUP,
    holdId: CONTROLS,
  };
  const bag = makeBag({ outcomes: [{ artifact, outcome: 'failed', required: true }], statement });
  editRecords(bag, 'meta/outcomes.jsonl', (records) =>
    records.map((record) =>
      record['artifact'] === artifact ? { ...record, detail, reason: CONTROLS, proof: { [MARKUP]: CONTROLS } } : record,
    ),
  );
  return gzipOf(packBag(signBag(listBag(bag), key)));
}

/** Elements that only hostile text could have made. */
const FOREIGN = '#result :is(script, img, svg, a, iframe, style, base, meta, object, form)';

describe.skipIf(!isThere)(`verify.html in Chromium${needs('chromium', isThere)}: text of an attacker`, () => {
  it.each([
    ['markup', MARKUP],
    ['control characters, bidi marks and invisible ones', CONTROLS],
    ['a line of a megabyte', MEGABYTE],
  ])('shows %s as text', async (_what, detail) => {
    const container = hostileArchive(detail);
    const { verdict, text } = await page.verify(container, { signers });
    expect([verdict, (await verifyBytes(container, key)).verdict]).toEqual(['VERIFIED_PARTIAL', 'VERIFIED_PARTIAL']);
    expect(await page.page.locator(FOREIGN).count()).toBe(0);
    expect(text).toContain('<script>alert(1)</script>');
    expect(text).toContain(String.raw`\x1b[2Jb\u{202e}txt.exe\u{2066}\u{200b}c\x00\x07\r\n`);
    expect(text).toMatch(/^[\x20-\x7e\n\t]*$/);
    expect(text.length).toBeLessThan(20_000);
  });

  it('shows findings about such text as text', async () => {
    const bag = sealedBag(key);
    edit(bag, 'bag-info.txt', () => `${MARKUP}\u0000\u009b\n`);
    edit(bag, 'meta/outcomes.jsonl', (lines) => `${MEGABYTE}${MEGABYTE}\n${lines}`);
    const { verdict, text } = await page.verify(gzipOf(packBag(bag)), { signers: `${MARKUP}\n${signers}` });
    expect(verdict).toBe('TAMPERED');
    expect(await page.page.locator(FOREIGN).count()).toBe(0);
    expect(text).toContain('<script>alert(1)</script>');
  });

  it('shows the name of the file and the names of a list as text', async () => {
    const path = join(page.directory, '<img src=x onerror=alert(1)>\u202egz.tar');
    writeFileSync(path, good);
    const { verdict, text } = await page.verifyFile(path, {
      signers: signers.replace('tester@example.test', `"${MARKUP.replaceAll('"', '')}"`),
    });
    expect(verdict).toBe('VERIFIED');
    expect(text).toContain(String.raw`<img src=x onerror=alert(1)>\u{202e}gz.tar`);
    expect(await page.page.locator(FOREIGN).count()).toBe(0);
  });
});

describe.skipIf(!isThere)(`verify.html in Chromium${needs('chromium', isThere)}: use`, () => {
  it('takes the last verdict away as soon as anything is chosen anew', async () => {
    await page.verify(good, { signers });
    await page.page.locator('#signers').fill('');
    expect(await page.page.locator('#result').isVisible()).toBe(false);
    await page.verify(good, { signers });
    await page.page.locator('#archive').setInputFiles([]);
    expect(await page.page.locator('#result').isVisible()).toBe(false);
    await page.page.locator('#check').click();
    expect(await page.page.locator('#problem').innerText()).toBe('Choose an archive first.');
  });

  it('takes an archive that is dropped, and receipt and list from files', async () => {
    await page.reload();
    const [receipt, list] = [join(page.directory, 'r.json'), join(page.directory, 'allowed_signers')];
    writeFileSync(receipt, JSON.stringify(receiptOf(goodBag, good, key)));
    writeFileSync(list, signers);
    await page.page.evaluate(`(() => {
      const bytes = Uint8Array.from(atob('${good.toString('base64')}'), (c) => c.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'dropped.tar.gz'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
    await page.page.locator('#receipt-file').setInputFiles(receipt);
    await page.page.locator('#signers-file').setInputFiles(list);
    for (const id of ['#receipt', '#signers'])
      await expect.poll(async () => await page.page.locator(id).inputValue(), { timeout: 60_000 }).not.toBe('');
    await page.page.locator('#check').click();
    const { verdict, text } = await page.finished();
    expect([verdict, text.includes('dropped.tar.gz')]).toEqual(['VERIFIED', true]);
    expect(text).toContain('The archive is the one that the receipt describes.');
  });

  it('can be used by keyboard alone, and every control has a name', async () => {
    await page.reload();
    const path = join(page.directory, 'keyboard.tar.gz');
    writeFileSync(path, good);
    await page.page.locator('#archive').setInputFiles(path);
    const order: string[] = [];
    await page.page.locator('#archive').focus();
    for (let step = 0; step < 8; step += 1) {
      order.push(String(await page.page.evaluate('document.activeElement.id')));
      await page.page.keyboard.press('Tab');
    }
    const fields = ['receipt', 'receipt-file', 'signers', 'signers-file', 'roots', 'roots-file'];
    expect(order).toEqual(['archive', ...fields, 'check']);
    await page.page.locator('#check').focus();
    await page.page.keyboard.press('Enter');
    expect((await page.finished()).verdict).toBe('UNTRUSTED_SIGNER');
    expect(await page.page.evaluate('document.activeElement.id')).toBe('result');
    for (const [role, name] of [
      ['button', 'Check the archive'],
      ['textbox', /^Receipt/],
      ['textbox', /^Trusted signers/],
      ['region', 'Result'],
    ] as const)
      expect(await page.page.getByRole(role, { name }).count(), String(name)).toBe(1);
  });

  it.each(['light', 'dark'] as const)('has text that can be read in %s', async (colorScheme) => {
    await page.page.emulateMedia({ colorScheme });
    await page.verify(hostileArchive('x'), { signers });
    const ratios = await page.page.evaluate<{ readonly text: string; readonly ratio: number }[]>(CONTRASTS);
    await page.page.emulateMedia({ colorScheme: null });
    expect(ratios.length).toBeGreaterThan(30);
    // WCAG 2, level AA.
    expect(ratios.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  });

  it('prints the result and not the form', async () => {
    await page.verify(good, { signers });
    await page.page.emulateMedia({ media: 'print' });
    expect([await page.page.locator('#form').isVisible(), await page.page.locator('#result').isVisible()]).toEqual([
      false,
      true,
    ]);
    await page.page.emulateMedia({ media: null });
  });

  it('fits a narrow window without scrolling sideways', async () => {
    await page.page.setViewportSize({ width: 380, height: 800 });
    await page.verify(hostileArchive(MARKUP), { signers });
    expect(await page.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.page.setViewportSize({ width: 1280, height: 720 });
  });
});

/** Contrast of every element that has text of its own against the nearest ground that is not transparent. */
const CONTRASTS = `(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.offsetParent && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((element) => !element.disabled)
    .map((element) => {
      const [a, b] = [light(rgb(getComputedStyle(element).color)), light(groundOf(element))];
      return { text: element.textContent.slice(0, 40), ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    });
})()`;
