import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';

const BUILT = resolve(import.meta.dirname, '../../dist/verify-page');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A real Chromium on the PATH; `null` when there is none. */
export const chromiumPath =
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path)) ?? null;

export interface Given {
  readonly receipt?: string;
  readonly signers?: string;
  /** PEM. */
  readonly roots?: string;
}

export interface Shown {
  /** The machine's word for the verdict; empty when the page showed none. */
  readonly verdict: string;
  /** All text of the result, and of the message when something stopped it. */
  readonly text: string;
  readonly problem: string;
}

/** verify.html as it was built, opened from disk in a real Chromium that is cut off from every network. */
export class VerifierPage {
  readonly page: Page;
  readonly directory: string;
  readonly #browser: Browser;
  /** Everything that must never happen: requests, dialogs, errors, violations of the page's policy. */
  readonly offences: string[] = [];

  private constructor(browser: Browser, page: Page, directory: string) {
    this.#browser = browser;
    this.page = page;
    this.directory = directory;
  }

  static async open(): Promise<VerifierPage> {
    const directory = await mkdtemp(join(tmpdir(), 'exhibit-browser-'));
    for (const name of ['verify.html', 'verify.html.sha256']) await copyFile(join(BUILT, name), join(directory, name));
    const browser = await chromium.launch({
      executablePath: chromiumPath ?? 'chromium',
      // Chromium's own sandbox refuses to run as root; --enable-precise-memory-info makes the heap readable.
      args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--enable-precise-memory-info'],
    });
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    const opened = new VerifierPage(browser, page, directory);
    opened.#watch();
    await opened.reload();
    return opened;
  }

  get url(): string {
    return `file://${this.directory}/verify.html`;
  }

  #watch(): void {
    const { page, offences } = this;
    page.on('request', (request) => {
      if (request.url() !== this.url) offences.push(`request ${request.url()}`);
    });
    page.on('dialog', (dialog) => {
      offences.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => offences.push(`error ${error.message}`));
    page.on('console', (message) => offences.push(`console ${message.text()}`));
    page.on('popup', () => offences.push('popup'));
    page.on('download', () => offences.push('download'));
  }

  async reload(): Promise<void> {
    await this.page.goto(this.url);
    await this.page.waitForSelector('#ready', { state: 'attached' });
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.directory, { recursive: true });
  }

  async devtools(): Promise<CDPSession> {
    return await this.page.context().newCDPSession(this.page);
  }

  /** Gives an archive by its bytes. */
  async verify(container: Uint8Array, given: Given = {}): Promise<Shown> {
    const path = join(this.directory, 'sample.tar.gz');
    await writeFile(path, container);
    return await this.verifyFile(path, given);
  }

  async verifyFile(path: string, given: Given = {}): Promise<Shown> {
    await this.start(path, given);
    return await this.finished();
  }

  async start(path: string, { receipt = '', signers = '', roots = '' }: Given = {}): Promise<void> {
    const { page } = this;
    await page.locator('#archive').setInputFiles(path);
    await page.locator('#receipt').fill(receipt);
    await page.locator('#signers').fill(signers);
    await page.locator('#roots').fill(roots);
    await page.locator('#check').click();
  }

  /** Waits for the result, or for the message that there is none. */
  async finished(): Promise<Shown> {
    const { page } = this;
    await page.waitForSelector('#result:not([hidden]), #problem:not([hidden])', { timeout: 240_000 });
    const problem = (await page.locator('#problem').isVisible()) ? await page.locator('#problem').innerText() : '';
    const isShown = await page.locator('#result').isVisible();
    const text = isShown ? await page.locator('#result').innerText() : '';
    const verdict = isShown ? await page.locator('[data-verdict]').getAttribute('data-verdict') : '';
    return { verdict: verdict ?? '', text, problem };
  }
}
