import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import { hasPythonModule, hasTool } from '../fakes/stock-tools.js';
import { choices } from '../torture/extent.js';
import { renderErrorRate, upperBoundPercent } from './error-rate-page.js';
import { measure, type Count, type Measurement } from './measure.js';
import { measureEncrypted } from './measure-encrypted.js';
import { measureLarge } from './measure-large.js';
import { itemsShape, shapeOf, shapes } from './shapes.js';

/** `EXHIBIT_TAMPER_SAMPLE=1`: few of each class, for every day. In full, docs/error-rate.md is written anew. */
const isSample = process.env['EXHIBIT_TAMPER_SAMPLE'] === '1';
const seed = Number(process.env['EXHIBIT_TAMPER_SEED'] ?? (isSample ? systemClock.nowMs() % 1_000_000_007 : 2026));
const perClass = Number(process.env['EXHIBIT_TAMPER_COUNT'] ?? (isSample ? 8 : 200));
const hasStockTools =
  ['bash', 'tar', 'gzip', 'python3'].every((tool) => hasTool(tool)) &&
  hasTool('ssh-keygen', ['-?']) &&
  hasTool('openssl', ['version']) &&
  hasPythonModule('bagit');
const stock = Number(process.env['EXHIBIT_TAMPER_STOCK'] ?? (isSample ? 1 : 8));

/** With all that was set, so that it does the same again. */
const command = [
  `EXHIBIT_TAMPER_SEED=${String(seed)}`,
  ...['EXHIBIT_TAMPER_COUNT', 'EXHIBIT_TAMPER_STOCK', 'EXHIBIT_TAMPER_LARGE'].flatMap((name) =>
    process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`],
  ),
  'npm run tamper',
].join(' ');

process.stderr.write(
  `tamper: ${String(perClass)} of each class, ${String(stock)} by stock tools${hasStockTools ? '' : ' (not installed: not run)'}, EXHIBIT_TAMPER_SEED=${String(seed)}\n`,
);

const root = resolve(import.meta.dirname, '../..');
const good = shapes(1000);
const rare = isSample ? null : itemsShape(100_000);
/** Of each class on the archive with parts of 4 GiB, where each try unpacks 4 GiB twice. */
const large = Number(process.env['EXHIBIT_TAMPER_LARGE'] ?? (isSample ? 0 : 4));
const all = [...good, ...(rare === null ? [] : [rare])];
interface Everything extends Measurement {
  /** Of the archive with parts of 4 GiB. */
  readonly largeControls: Count;
}
let measured: Promise<Everything> | undefined;
/** Once for all tests, whatever their order. */
const result = async (): Promise<Everything> =>
  await (measured ??= (async () => {
    const { classes, controls } = await measure(good, { ours: perClass, stock, seed, hasStockTools, rare });
    // Noise, so that the file has several chunks.
    const noise = Buffer.from(Array.from({ length: 300_000 }, choices(seed).bind(null, 256)));
    const several = shapeOf({
      name: 'encrypted',
      spec: { payload: [{ path: 'data/noise', bytes: noise, artifact: 'noise' }] },
    });
    const encrypted = await measureEncrypted(several, { ours: Math.min(perClass, 50), seed });
    const parts = large === 0 ? null : await measureLarge({ count: large, seed });
    return {
      controls,
      classes: [...classes, ...encrypted, ...(parts?.classes ?? [])],
      largeControls: parts?.controls ?? { tried: 0, missed: 0 },
    };
  })());

describe('the error rate of the verifier', () => {
  it('no change is missed with the receipt, and without it only what the format leaves to the receipt', async () => {
    const { classes } = await result();
    expect(classes.flatMap(({ what, broken }) => broken.map((where) => `${what}: ${where}`))).toEqual([]);
    for (const { what, routes } of classes) expect(routes['ours-receipt'].tried, what).toBeGreaterThan(0);
  });

  it('no good archive is refused by any route, however it is compressed', async () => {
    const { controls, largeControls } = await result();
    expect(controls.encodings).toEqual({ tried: all.length * 4, missed: 0 });
    expect(controls.alarms).toEqual([]);
    expect(largeControls).toEqual({ tried: large === 0 ? 0 : 3, missed: 0 });
  });

  it.skipIf(!hasStockTools)(
    `VERIFY.md and our verifier come to the same end${hasStockTools ? '' : ' (skipped: a stock tool or bagit.py is not installed)'}`,
    async () => {
      const { classes } = await result();
      const missed = classes.filter(({ routes }) => routes['guide-receipt'].missed > 0).map(({ what }) => what);
      expect(missed).toEqual([]);
    },
  );

  it.skipIf(isSample)('is written to docs/error-rate.md (in full only)', async () => {
    const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { version: string };
    const page = renderErrorRate({
      ...(await result()),
      command,
      version,
      nodeVersion: `Node.js ${process.version}`,
      shapes: [...all.map(({ name }) => name), 'encrypted', ...(large === 0 ? [] : ['parts of 4 GiB'])],
      hasStockTools,
    });
    writeFileSync(resolve(root, 'docs/error-rate.md'), page);
    expect(page).not.toMatch(/undefined|NaN/);
  });
});

describe('the upper bound', () => {
  it.each([
    [{ tried: 0, missed: 0 }, 100],
    [{ tried: 5, missed: 5 }, 100],
    // 1 - 0.05^(1/n), and tables of Clopper and Pearson.
    [{ tried: 100, missed: 0 }, 2.9513],
    [{ tried: 3000, missed: 0 }, 0.0998],
    [{ tried: 10, missed: 1 }, 39.416],
    [{ tried: 100, missed: 5 }, 10.225],
  ])('of %j is %d %%', (count, bound) => {
    expect(upperBoundPercent(count)).toBeCloseTo(bound, 2);
  });
});
