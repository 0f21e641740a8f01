import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import { hasPythonModule, hasTool } from '../fakes/stock-tools.js';
import { choices } from '../torture/extent.js';
import { renderErrorRate, upperBoundPercent } from './error-rate-page.js';
import { measure, type Measurement } from './measure.js';
import { measureEncrypted } from './measure-encrypted.js';
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
  ...['EXHIBIT_TAMPER_COUNT', 'EXHIBIT_TAMPER_STOCK'].flatMap((name) =>
    process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`],
  ),
  'npm run tamper',
].join(' ');

process.stderr.write(
  `tamper: ${String(perClass)} of each class, ${String(stock)} by stock tools${hasStockTools ? '' : ' (not installed: not run)'}, EXHIBIT_TAMPER_SEED=${String(seed)}\n`,
);

const root = resolve(import.meta.dirname, '../..');
const good = shapes(1000);
const rare = isSample || process.env['EXHIBIT_TAMPER_COUNT'] !== undefined ? null : itemsShape(100_000);
const all = [...good, ...(rare === null ? [] : [rare])];
let measured: Promise<Measurement> | undefined;
/** Once for all tests, whatever their order. */
const result = async (): Promise<Measurement> =>
  await (measured ??= (async () => {
    const { classes, controls } = await measure(good, { ours: perClass, stock, seed, hasStockTools, rare });
    // Noise, so that the file has several chunks.
    const noise = Buffer.from(Array.from({ length: 300_000 }, choices(seed).bind(null, 256)));
    const several = shapeOf({
      name: 'encrypted',
      spec: { payload: [{ path: 'data/noise', bytes: noise, artifact: 'noise' }] },
    });
    const encrypted = await measureEncrypted(several, { ours: Math.min(perClass, 50), seed });
    return { controls, classes: [...classes, ...encrypted] };
  })());

describe('the error rate of the verifier', () => {
  it('no change is missed with the receipt, and without it only what the format leaves to the receipt', async () => {
    const { classes } = await result();
    expect(classes.flatMap(({ what, broken }) => broken.map((where) => `${what}: ${where}`))).toEqual([]);
    for (const { what, routes } of classes) expect(routes['ours-receipt'].tried, what).toBeGreaterThan(0);
  });

  it('no good archive is refused by any route, however it is compressed', async () => {
    const { controls } = await result();
    expect(controls.encodings).toEqual({ tried: all.length * 4, missed: 0 });
    expect(controls.alarms).toEqual([]);
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
      shapes: [...all.map(({ name }) => name), 'encrypted'],
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
