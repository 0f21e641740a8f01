import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  listBag,
  packBag,
  receiptOf,
  sealedBag,
  sha256,
  signBag,
  type BagSpec,
} from '../../../test/fakes/archive-builder.js';
import { IMPOSSIBLE, POSSIBLE } from '../../../test/fakes/impossible-archives.js';
import { flipBit, NOW_MS, verifyBytes } from '../../../test/fakes/verify-bytes.js';
import type { PageReport } from './page-report.js';
import { recordSchemas } from './record-schemas.js';
import { recordShapes } from './record-shapes.js';
import { verifyInPage, type PageVerification } from './verify-in-page.js';

const key = generateKeyPairSync('ed25519').privateKey;
const otherKey = generateKeyPairSync('ed25519').privateKey;
const shapes = recordShapes(recordSchemas());
const goodBag = sealedBag(key);
const good = gzipOf(packBag(goodBag));

async function inPage(
  container: Buffer,
  trusted: KeyObject | null = key,
  more: Partial<PageVerification> = {},
): Promise<PageReport> {
  return await verifyInPage({
    file: new Blob([new Uint8Array(container)]),
    receipt: null,
    allowedSigners: trusted === null ? null : allowedSignersOf(trusted),
    shapes,
    nowMs: NOW_MS,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  });
}

/** What both verifiers say, in the form in which they must agree. */
async function both(container: Buffer, trusted: KeyObject | null = key, partBytes?: number) {
  const parts = partBytes === undefined ? {} : { partBytes };
  const page = await inPage(container, trusted, parts);
  const program = await verifyBytes(container, trusted, parts);
  const essence = ({
    verdict,
    findings,
    findingsTotal,
    checks,
    containerSha256,
    tagmanifestSha256,
  }: typeof page | typeof program) => ({
    verdict,
    findingsTotal,
    paths: findings.map(({ check, path }) => `${check} ${path}`).sort(),
    checks: checks.map(({ check, result }) => `${check} ${result}`),
    containerSha256,
    tagmanifestSha256,
  });
  return { page: essence(page), program: essence(program) };
}

describe('the page agrees with the program, finding by finding,', () => {
  it.each(IMPOSSIBLE)('that this is not allowed: $what', async ({ make }) => {
    const { page, program } = await both(gzipOf(packBag(signBag(listBag(make()), key))));
    expect(page).toEqual(program);
    expect(page.verdict).toBe('TAMPERED');
  });

  it.each(POSSIBLE)('that this is: $what', async ({ make }) => {
    const { page, program } = await both(gzipOf(packBag(signBag(listBag(make()), key))));
    expect(page).toEqual(program);
    expect(page.verdict).toBe('VERIFIED');
  });
});
