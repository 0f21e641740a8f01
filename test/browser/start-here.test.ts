/** START-HERE.html, as a lawyer opens it: by double-click, from disk, with whatever an attacker wrote into the evidence. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HandoverFacts } from '../../src/report/handover/handover-facts.js';
import { renderStartHere } from '../../src/report/handover/start-here.js';
import { visibleText } from '../../src/report/handover/visible-text.js';
import { handoverFacts, HOSTILE_TEXT, hostileFacts, legalTemplate } from '../fakes/handover-facts.js';
import { needs } from '../fakes/stock-tools.js';
import { chromiumPath } from './verifier-page.js';

const isThere = chromiumPath !== null || process.env['CI'] !== undefined;
const style = legalTemplate('start-here.css');
const styleSha256 = createHash('sha256').update(style).digest('base64');

let browser: Browser;
let directory: string;

beforeAll(async () => {
  if (!isThere) return;
  directory = mkdtempSync(join(tmpdir(), 'exhibit-start-here-'));
  browser = await chromium.launch({
    executablePath: chromiumPath ?? 'chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
});

afterAll(async () => {
  if (!isThere) return;
  await browser.close();
  rmSync(directory, { recursive: true });
});

interface Opened {
  /** Requests, dialogs, errors, violations of the page's policy. */
  readonly offences: string[];
  readonly text: string;
  readonly font: string;
  readonly widthPx: number;
}

async function open(facts: HandoverFacts): Promise<Opened> {
  const path = join(directory, 'START-HERE.html');
  writeFileSync(path, renderStartHere({ page: legalTemplate('start-here.eta'), style, styleSha256 }, facts));
  const context = await browser.newContext({ offline: true, viewport: { width: 800, height: 900 } });
  const page = await context.newPage();
  const offences: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== `file://${path}`) offences.push(`request ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    offences.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => offences.push(`error ${error.message}`));
  page.on('console', (message) => offences.push(`console ${message.text()}`));
  await page.goto(`file://${path}`);
  const opened = {
    offences,
    text: await page.locator('body').innerText(),
    font: await page.evaluate<string>('getComputedStyle(document.querySelector(".word")).fontWeight'),
    widthPx: await page.evaluate<number>('document.documentElement.scrollWidth'),
  };
  await context.close();
  return opened;
}

describe.skipIf(!isThere)(`START-HERE.html in Chromium${needs('chromium', isThere)}`, () => {
  it('shows verdict and gaps with its stylesheet, and asks for nothing', async () => {
    const { offences, text, font } = await open(handoverFacts({ privilege: 'PRIVILEGED' }));
    expect(offences).toEqual([]);
    expect(text).toContain('VERIFIED_PARTIAL');
    expect(text.startsWith('PRIVILEGED')).toBe(true);
    expect(font).toBe('700');
  });

  it('shows hostile text and executes none of it, within the width of the window', async () => {
    const { offences, text, widthPx } = await open(hostileFacts());
    expect(offences).toEqual([]);
    expect(text).toContain(visibleText(HOSTILE_TEXT));
    expect(widthPx).toBeLessThanOrEqual(800);
  });
});
