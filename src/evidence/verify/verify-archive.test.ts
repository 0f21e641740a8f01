import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  listBag,
  makeBag,
  packBag,
  receiptOf,
  sealedBag,
  sha256,
  signBag,
  type BagSpec,
} from '../../../test/fakes/archive-builder.js';
import { flipBit, NOW_MS, verifyBytes } from '../../../test/fakes/verify-bytes.js';
import { verifyArchive } from './verify-archive.js';

const key = generateKeyPairSync('ed25519').privateKey;
const otherKey = generateKeyPairSync('ed25519').privateKey;
const goodBag = sealedBag(key);
const goodTar = packBag(goodBag);
const good = gzipOf(goodTar);

const pack = (spec: BagSpec): Buffer => gzipOf(packBag(sealedBag(key, spec)));

describe('verifyArchive, good archives', () => {
  it('verifies one, and says what it did not check', async () => {
    const report = await verifyBytes(good, key);
    expect(report).toMatchObject({
      verdict: 'VERIFIED',
      exitCode: 0,
      findingsTotal: 0,
      kind: 'drill',
      completeness: 'complete',
    });
    expect(report.containerSha256).toBe(sha256(good));
    expect(report.checks.filter(({ result }) => result === 'skipped').map(({ check }) => check)).toEqual([
      'time',
      'receipt',
    ]);
    expect(report.line).toMatch(
      /^Authority not stated\. VERIFIED: drill exhibit case-abcd-x0001, complete; signed by tester@example\.test SHA256:/,
    );
    expect(report.line).toContain(
      'not checked: time (no time-stamp token), receipt (no receipt given), snapshots outside the archive',
    );
  });

  it('says nothing of the authority when it is stated', async () => {
    const authority = { by: 'Judge', at: '2026-01-01T00:00:00Z', ground: 'order 7', limits: {} };
    const report = await verifyBytes(pack({ statement: { authority } }), key);
    expect(report.line).toMatch(/^VERIFIED: /);
  });

  it('checks a receipt that fits', async () => {
    const report = await verifyBytes(good, key, { receipt: receiptOf(goodBag, good, key) });
    expect(report).toMatchObject({ verdict: 'VERIFIED' });
    expect(report.checks.find(({ check }) => check === 'receipt')?.result).toBe('passed');
  });

  it.each([['denied'], ['failed'], ['skipped']] as const)(
    'calls a required artifact that ended %s a gap',
    async (outcome) => {
      const container = pack({ outcomes: [{ artifact: 'log/gone', outcome, required: true }] });
      const report = await verifyBytes(container, key);
      expect(report).toMatchObject({ verdict: 'VERIFIED_PARTIAL', exitCode: 0, completeness: 'partial' });
      expect(report.line).toContain('(1 gap in the ledger)');
      expect(await verifyBytes(container, key, { requireComplete: true })).toMatchObject({
        verdict: 'VERIFIED_PARTIAL',
        exitCode: 3,
      });
    },
  );

  it.each([
    ['absent', true],
    ['empty', true],
    ['denied', false],
  ] as const)('calls %s with required %s no gap', async (outcome, required) => {
    const container = pack({ outcomes: [{ artifact: 'log/gone', outcome, required }] });
    expect(await verifyBytes(container, key, { requireComplete: true })).toMatchObject({
      verdict: 'VERIFIED',
      exitCode: 0,
    });
  });

  it('verifies split payload, joined by the hash of the whole', async () => {
    const bytes = Buffer.from('0123456789abcdef'.repeat(100));
    const whole = { of: 2, wholeSha256: sha256(bytes), wholeSizeBytes: bytes.length };
    const payload = [
      { path: 'data/disk.img.p0001', bytes: bytes.subarray(0, 1024), artifact: 'disk', part: { n: 1, ...whole } },
      { path: 'data/disk.img.p0002', bytes: bytes.subarray(1024), artifact: 'disk', part: { n: 2, ...whole } },
      { path: 'data/disk.log', bytes: Buffer.from('x'), artifact: 'log' },
    ];
    expect((await verifyBytes(pack({ payload }), key, { partBytes: 1024 })).verdict).toBe('VERIFIED');
    const wrong = payload.map((spec) =>
      spec.part === undefined ? spec : { ...spec, part: { ...spec.part, wholeSha256: sha256('other') } },
    );
    expect(await verifyBytes(pack({ payload: wrong }), key, { partBytes: 1024 })).toMatchObject({
      verdict: 'TAMPERED',
      findingsTotal: 1,
    });
    expect((await verifyBytes(pack({ payload: payload.slice(0, 1) }), key, { partBytes: 1024 })).verdict).toBe(
      'TAMPERED',
    );
    expect((await verifyBytes(pack({ payload: payload.slice(1) }), key, { partBytes: 1024 })).verdict).toBe('TAMPERED');
    expect((await verifyBytes(pack({ payload }), key, { partBytes: 2048 })).verdict).toBe('TAMPERED');
  });

  it('verifies many files of any size, in memory and spilled alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3000), { minLength: 1, maxLength: 60 }), async (sizes) => {
        const payload = sizes.map((size, index) => ({
          path: `data/f-${String(index)}/x`,
          bytes: Buffer.alloc(size, index),
          artifact: `a/${String(index % 7)}`,
        }));
        expect((await verifyBytes(pack({ payload }), key)).verdict).toBe('VERIFIED');
      }),
      { numRuns: 15 },
    );
  });
});

describe('verifyArchive, trust', () => {
  it.each([
    ['no list', null],
    ['a list without the key', otherKey],
  ])('trusts nobody with %s', async (_what, trusted) => {
    const report = await verifyBytes(good, trusted);
    expect(report).toMatchObject({ verdict: 'UNTRUSTED_SIGNER', exitCode: 4, findingsTotal: 0 });
    expect(report.signer?.principal).toBeNull();
  });

  it('honours namespaces and windows of validity at the time of checking', async () => {
    const verdictWith = async (option: string): Promise<string> => {
      const text = allowedSignersOf(key).replace('namespaces="exhibit-seal@v1"', option);
      return (await verifyBytes(good, null, { allowedSigners: { source: 'test', text } })).verdict;
    };
    expect(await verdictWith('namespaces="exhibit-*"')).toBe('VERIFIED');
    expect(await verdictWith('namespaces="file"')).toBe('UNTRUSTED_SIGNER');
    expect(await verdictWith('valid-before="20300101Z"')).toBe('VERIFIED');
    expect(await verdictWith('valid-before="20260601Z"')).toBe('UNTRUSTED_SIGNER');
    expect(await verdictWith('valid-after="20300101Z"')).toBe('UNTRUSTED_SIGNER');
    expect(await verdictWith('cert-authority')).toBe('UNTRUSTED_SIGNER');
  });

  it('needs as many trusted signers as the policy asks for', async () => {
    const policy = { requireTimestamp: false, requireSigners: 2 };
    const bag = sealedBag(key, { statement: { policy } });
    const both = allowedSignersOf(key) + allowedSignersOf(otherKey);
    const trust = { allowedSigners: { source: 'test', text: both } };
    expect((await verifyBytes(gzipOf(packBag(bag)), null, trust)).verdict).toBe('INTACT_UNSEALED');
    expect((await verifyBytes(gzipOf(packBag(signBag(bag, key, 2))), null, trust)).verdict).toBe('INTACT_UNSEALED');
    const signed = gzipOf(packBag(signBag(bag, otherKey, 2)));
    expect((await verifyBytes(signed, null, trust)).verdict).toBe('VERIFIED');
    expect((await verifyBytes(signed, key)).verdict).toBe('UNTRUSTED_SIGNER');
  });

  it('is not sealed without seal/, and tampered with when a receipt knows the signer', async () => {
    const unsealed = listBag(makeBag());
    const container = gzipOf(packBag(unsealed));
    expect(await verifyBytes(container, key)).toMatchObject({
      verdict: 'INTACT_UNSEALED',
      exitCode: 4,
      findingsTotal: 0,
      signer: null,
    });
    expect((await verifyBytes(container, key, { receipt: receiptOf(unsealed, container, key) })).verdict).toBe(
      'TAMPERED',
    );
  });

  it('is untimestamped when the policy asks for time, as no token is checked yet', async () => {
    const policy = { requireTimestamp: true, requireSigners: 1 };
    expect(await verifyBytes(pack({ statement: { policy } }), key)).toMatchObject({
      verdict: 'INTACT_UNTIMESTAMPED',
      exitCode: 4,
    });
  });

  it('compares every field of the receipt', async () => {
    const receipt = receiptOf(goodBag, good, key);
    const changes = {
      exhibitId: 'case-abcd-x0002',
      sequence: 2,
      kind: 'incident',
      tagmanifestSha256: sha256('x'),
      custodyHeadSha256: sha256('x'),
      custodyEntries: 9,
      payloadFiles: 9,
      payloadBytes: 9,
      containerSha256: sha256('x'),
      signer: 'SHA256:x',
      tsrSha256: sha256('x'),
    } as const;
    for (const [field, value] of Object.entries(changes)) {
      const report = await verifyBytes(good, key, { receipt: { ...receipt, [field]: value } });
      expect(report, field).toMatchObject({ verdict: 'TAMPERED', findingsTotal: 1, findings: [{ check: 'receipt' }] });
    }
  });
});

describe('verifyArchive, damage', () => {
  it('finds any single bit turned in the tar', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(goodTar.length * 8 - 1), async (bit) => {
        const report = await verifyBytes(gzipOf(flipBit(goodTar, bit)), key);
        expect(report.verdict).toBe('TAMPERED');
        expect(report.exitCode).toBe(4);
      }),
      { numRuns: 200 },
    );
  });

  it('finds a tar cut at any block, or anywhere', async () => {
    for (let cut = 0; cut < goodTar.length; cut += 512) {
      expect((await verifyBytes(gzipOf(goodTar.subarray(0, cut)), key)).verdict, `cut at ${String(cut)}`).toBe(
        'TAMPERED',
      );
    }
    expect((await verifyBytes(gzipOf(goodTar.subarray(0, 700)), key)).verdict).toBe('TAMPERED');
  });

  it('finds a container cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), async (cut) => {
        expect((await verifyBytes(good.subarray(0, cut), key)).verdict).toBe('TAMPERED');
      }),
      { numRuns: 100 },
    );
  });

  it('never throws for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), async (bytes, isTar) => {
        const container = isTar ? gzipOf(Buffer.from(bytes)) : Buffer.from(bytes);
        expect((await verifyBytes(container, key)).verdict).toBe('TAMPERED');
      }),
      { numRuns: 100 },
    );
  });
});

describe('verifyArchive, what it cannot judge', () => {
  it('refuses what cannot be an archive with an error instead of a verdict', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'exhibit-verify-'));
    try {
      const encrypted = join(directory, 'a.age');
      await writeFile(encrypted, 'age-encryption.org/v1\n-> X25519 ...');
      for (const archivePath of [join(directory, 'none'), directory, encrypted, '/dev/null']) {
        await expect(verifyArchive({ archivePath, now: NOW_MS }), archivePath).rejects.toMatchObject({
          code: 'USAGE_INVALID',
        });
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('gives up on an archive that unpacks to more than it was allowed to', async () => {
    const report = await verifyBytes(good, key, { maxTarBytes: 1024 });
    expect(report).toMatchObject({ verdict: 'UNDETERMINED', exitCode: 4 });
    expect(report.checks.find(({ check }) => check === 'hashes')?.result).toBe('skipped');
  });

  it('gives up when the sort files have nowhere to go', async () => {
    const payload = Array.from({ length: 30_000 }, (_, index) => ({
      path: `data/${String(index).padStart(6, '0')}`,
      bytes: Buffer.alloc(0),
      artifact: `artifact/${String(index).padStart(60, '0')}`,
    }));
    const report = await verifyBytes(pack({ payload }), key, { scratchDirectory: '/nonexistent/folder' });
    expect(report).toMatchObject({ verdict: 'UNDETERMINED', exitCode: 4, findingsTotal: 0 });
    expect(report.line).toContain('STORAGE_FAILED');
  });
});
