import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  itemEvent,
  listBag,
  makeBag,
  packBag,
  receiptOf,
  SAMPLE_PAYLOAD,
  sealedBag,
  sha256,
  signBag,
  type BagSpec,
} from '../../../test/fakes/archive-builder.js';
import { IMPOSSIBLE, POSSIBLE } from '../../../test/fakes/impossible-archives.js';
import { edit, editRecords } from '../../../test/fakes/tamper.js';
import { localRemoteKey } from '../../../test/fakes/local-remote-key.js';
import { inHalf } from '../../../test/fakes/other-half.js';
import { flipBit, NOW_MS, verifyBytes } from '../../../test/fakes/verify-bytes.js';
import { createRemoteKeySigner } from '../../evidence/signers/remote-key-signer.js';
import type { PageReport } from './page-report.js';
import { recordSchemas } from './record-schemas.js';
import { recordShapes } from './record-shapes.js';
import { verifyInPage, type PageVerification } from './verify-in-page.js';

const key = generateKeyPairSync('ed25519').privateKey;
const otherKey = generateKeyPairSync('ed25519').privateKey;
const shapes = recordShapes(recordSchemas());
const goodBag = sealedBag(key);
const goodTar = packBag(goodBag);
const good = gzipOf(goodTar);
const LOG = 'data/pods/shop/web-1.4f3a9c21/app/current.log';

async function inPage(
  container: Buffer,
  trusted: KeyObject | null = key,
  more: Partial<PageVerification> = {},
): Promise<PageReport> {
  return await verifyInPage({
    file: new Blob([new Uint8Array(container)]),
    receipt: null,
    allowedSigners: trusted === null ? null : allowedSignersOf(trusted),
    tsaRoots: null,
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
    // Whether the rest of a broken tar was still unpacked depends on the size of the pieces.
    checks: checks
      .filter(({ check, result }) => check !== 'container' || result === 'failed')
      .map(({ check, result }) => `${check} ${result}`),
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

describe('the page judges as the program does', () => {
  it.each([
    ['a good one', good, key],
    ['a good one by somebody else', good, otherKey],
    ['a good one without a list', good, null],
    ['one without a signature', gzipOf(packBag(listBag(makeBag()))), key],
    [
      'one whose policy asks for a time-stamp',
      sealed({ statement: { policy: { requireTimestamp: true, requireSigners: 1 } } }),
      key,
    ],
    [
      'one whose policy asks for two signers',
      sealed({ statement: { policy: { requireTimestamp: false, requireSigners: 2 } } }),
      key,
    ],
    ['one with gaps', sealed({ outcomes: [{ artifact: 'log/gone', outcome: 'denied', required: true }] }), key],
    ['one that obtained nothing', sealed({ outcomes: allFailed() }), key],
  ])('%s', async (_what, container, trusted) => {
    const { page, program } = await both(container, trusted);
    expect(page).toEqual(program);
  });

  it('every bit that is turned in the tar', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(goodTar.length * 8 - 1), async (bit) => {
        const { page, program } = await both(gzipOf(flipBit(goodTar, bit)));
        expect(page).toEqual(program);
        expect(page.verdict).toBe('TAMPERED');
      }),
      { numRuns: 150 },
    );
  });

  it('split payload, and parts that do not fit', async () => {
    const bytes = Buffer.from('0123456789abcdef'.repeat(100));
    const whole = { of: 2, wholeSha256: sha256(bytes), wholeSizeBytes: bytes.length };
    const payload = [
      { path: 'data/disk.img.p0001', bytes: bytes.subarray(0, 1024), artifact: 'disk', part: { n: 1, ...whole } },
      { path: 'data/disk.img.p0002', bytes: bytes.subarray(1024), artifact: 'disk', part: { n: 2, ...whole } },
    ];
    const wrong = payload.map((spec) => ({ ...spec, part: { ...spec.part, wholeSha256: sha256('other') } }));
    const cases: [BagSpec['payload'], number][] = [
      [payload, 1024],
      [payload, 2048],
      [wrong, 1024],
      [payload.slice(0, 1), 1024],
      [payload.slice(1), 1024],
    ];
    const verdicts: string[] = [];
    for (const [parts, partBytes] of cases) {
      const { page, program } = await both(sealed({ ...(parts && { payload: parts }) }), key, partBytes);
      expect(page).toEqual(program);
      verdicts.push(page.verdict);
    }
    expect(verdicts).toEqual(['VERIFIED', 'TAMPERED', 'TAMPERED', 'TAMPERED', 'TAMPERED']);
  });

  it('a redacted copy, and one that hides that it is one', async () => {
    const derivedFrom = {
      exhibitId: 'case-abcd-x0000',
      tagmanifestSha256: sha256('parent'),
      containerSha256: sha256('container'),
      redactions: 1,
    };
    const record = {
      path: LOG,
      kind: 'masked',
      offset: 0,
      lengthBytes: 4,
      rules: ['names'],
      saltedSha256: sha256('salt'),
    };
    const ledger = (changes: object): Buffer => Buffer.from(`${JSON.stringify({ ...record, ...changes })}\n`);
    const make = (changes: object, statement: BagSpec['statement']): Buffer => copyOf(ledger(changes), statement ?? {});
    const verdicts: string[] = [];
    for (const [changes, statement] of [
      [{}, { derivedFrom }],
      [{}, {}],
      [{ path: 'data/none' }, { derivedFrom }],
      [{ kind: 'removed' }, { derivedFrom }],
      [{ path: '../x' }, { derivedFrom }],
      [{ offset: -1 }, { derivedFrom }],
      [{}, { derivedFrom: { ...derivedFrom, redactions: 2 } }],
      [{}, { derivedFrom: { ...derivedFrom, exhibitId: 'case-abcd-x0001' } }],
    ] as const) {
      const { page, program } = await both(make(changes, statement));
      expect(page).toEqual(program);
      verdicts.push(page.verdict);
    }
    expect(verdicts).toEqual(['VERIFIED', ...Array.from({ length: 7 }, () => 'TAMPERED')]);
  });

  it.each<[string, string, (text: string) => string]>([
    [
      'the second reading',
      'meta/items.jsonl',
      (t) => t.replace(/"rereadSha256":"[0-9a-f]{64}"/, `"rereadSha256":"${sha256('x')}"`),
    ],
    [
      'the hash of an item',
      'meta/items.jsonl',
      (t) => t.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${sha256('x')}"`),
    ],
    ['the size of an item', 'meta/items.jsonl', (t) => t.replace(/"sizeBytes":\d+/, '"sizeBytes":99')],
    ['the form of an item', 'meta/items.jsonl', (t) => t.replace(',', ', ')],
    ['the end of the items', 'meta/items.jsonl', (t) => t.trimEnd()],
    ['what was planned', 'meta/plan.jsonl', (t) => t.replace('true', 'false')],
    ['an outcome', 'meta/outcomes.jsonl', (t) => t.replace('"collected"', '"fine"')],
    ['the custody log', 'custody/acquisition.jsonl', (t) => t.replace(/\n.*\n/, '\n')],
    ['a count', 'meta/exhibit.json', (t) => t.replace(/"payloadBytes":\d+/, '"payloadBytes":1')],
    ['the completeness', 'meta/exhibit.json', (t) => t.replace('"complete"', '"partial"')],
    ['the format', 'meta/exhibit.json', (t) => t.replace('exhibit/1', 'exhibit/2')],
    ['a member twice', 'meta/exhibit.json', (t) => t.replace('"kind"', '"kind":"incident","kind"')],
    ['bagit.txt', 'bagit.txt', (t) => t.replace('1.0', '0.97')],
    ['bag-info.txt', 'bag-info.txt', (t) => `${t}Note: x\n`],
    ['the tool', 'meta/tool/tool.json', (t) => t.replace('0.1.0', '0.2.0')],
    ['the guide', 'VERIFY.md', (t) => t.replace('case-abcd', 'case-efgh')],
    ['the guide to more than text', 'VERIFY.md', (t) => `\u001b${t}`],
  ])('somebody with the key who changed %s', async (_what, path, change) => {
    const bag = makeBag();
    edit(bag, path, change);
    const { page, program } = await both(gzipOf(packBag(signBag(listBag(bag), key))));
    expect(page).toEqual(program);
    expect(page.verdict).toBe('TAMPERED');
  });

  it('another key beside the signature', async () => {
    const bag = sealedBag(key);
    bag.files.set('seal/signer.pub', sealedBag(otherKey).files.get('seal/signer.pub') ?? Buffer.alloc(0));
    const { page, program } = await both(gzipOf(packBag(bag)));
    expect(page).toEqual(program);
    expect(page.verdict).toBe('TAMPERED');
  });

  it('every bit of the header and the trailer of gzip, and the file cut short', async () => {
    const bits = [...Array(80).keys(), ...Array.from({ length: 64 }, (_, bit) => (good.length - 8) * 8 + bit)];
    for (const bit of bits) expect((await inPage(flipBit(good, bit))).verdict, `bit ${String(bit)}`).toBe('TAMPERED');
    for (const end of [0, 5, 10, 17, 18, 500, good.length - 9, good.length - 8, good.length - 1])
      expect((await inPage(good.subarray(0, end))).verdict, `cut at ${String(end)}`).toBe('TAMPERED');
  });

  it('two good signatures that changed places', async () => {
    const { signer } = receiptOf(goodBag, good, key);
    const items = SAMPLE_PAYLOAD.map(itemEvent);
    const events = [{ event: 'open' }, ...items, { event: 'seal', signer }];
    const statement = { policy: { requireTimestamp: false, requireSigners: 2 } };
    const bag = listBag(makeBag({ events, statement }));
    const [right, swapped] = [
      packBag(signBag(signBag(bag, key), otherKey, 2)),
      packBag(signBag(signBag(bag, otherKey), key, 2)),
    ];
    const verdicts = [await both(gzipOf(right)), await both(gzipOf(swapped))];
    for (const { page, program } of verdicts) expect(page).toEqual(program);
    expect(verdicts.map(({ page }) => page.verdict)).toEqual(['UNTRUSTED_SIGNER', 'TAMPERED']);
  });

  it('a signature more than the policy asks for', async () => {
    const { page, program } = await both(gzipOf(packBag(signBag(sealedBag(key), otherKey, 2))));
    expect(page).toEqual(program);
    expect(page).toMatchObject({ verdict: 'TAMPERED', paths: ['closure seal/tagmanifest-sha256.txt.2.sig'] });
  });

  it('both forms of an ECDSA signature, of which one is that of the format', async () => {
    const bag = sealedBag(key, { statement: { policy: { requireTimestamp: false, requireSigners: 2 } } });
    const signer = await createRemoteKeySigner(localRemoteKey());
    const message = bag.files.get('tagmanifest-sha256.txt') ?? Buffer.alloc(0);
    const armored = await signer.sign(message, 'exhibit-seal@v1');
    bag.files.set('seal/signer-2.pub', Buffer.from(`${signer.publicKey}\n`));
    for (const half of ['low', 'high'] as const) {
      bag.files.set('seal/tagmanifest-sha256.txt.2.sig', Buffer.from(inHalf(armored, half)));
      const { page, program } = await both(gzipOf(packBag(bag)));
      expect(page).toEqual(program);
      expect(page.paths).toEqual(half === 'low' ? [] : ['signature seal/tagmanifest-sha256.txt.2.sig']);
      expect(page.verdict).toBe(half === 'low' ? 'UNTRUSTED_SIGNER' : 'TAMPERED');
    }
  });

  it.each([
    ['another file', { containerSha256: sha256('x') }],
    ['another signer', { signer: 'SHA256:x' }],
    ['fewer files', { payloadFiles: 1 }],
    ['fewer bytes', { payloadBytes: 20 }],
    ['a token', { tsrSha256: sha256('x') }],
    ['another case', { exhibitId: 'case-efgh-x0001' }],
    ['itself', {}],
  ])('with the receipt of %s', async (_what, fields) => {
    const receipt = { ...receiptOf(goodBag, good, key), ...fields };
    const page = await inPage(good, key, { receipt });
    const program = await verifyBytes(good, key, { receipt });
    const receiptOnly = ({ checks }: typeof page | typeof program) =>
      checks.find(({ check }) => check === 'receipt')?.result;
    expect([page.verdict, receiptOnly(page)]).toEqual([program.verdict, receiptOnly(program)]);
  });
});

describe('the page alone', () => {
  it('gives no verdict, and no reproach, when the archive has more in it than a page can hold', async () => {
    const payload = Array.from({ length: 50 }, (_, index) => ({
      path: `data/f-${String(index).padStart(2, '0')}`,
      bytes: Buffer.from('x'),
      artifact: `a/${String(index)}`,
    }));
    const report = await inPage(sealed({ payload }), key, { limits: { maxEntries: 60, maxBytes: 1e9 } });
    expect([report.verdict, report.findingsTotal]).toEqual(['UNDETERMINED', 0]);
    expect(report.undetermined).toContain('use the program');
  });

  it('gives no verdict when the file cannot be read', async () => {
    const file = new Blob(['x'.repeat(100)]);
    const broken = Object.create(file, {
      size: { value: 100 },
      slice: {
        value: () => ({ arrayBuffer: async () => await Promise.reject(new DOMException('gone', 'NotReadableError')) }),
      },
    }) as Blob;
    const report = await inPage(good, key, { file: broken });
    expect([report.verdict, report.undetermined]).toEqual([
      'UNDETERMINED',
      'the file could not be read to its end (NotReadableError)',
    ]);
  });

  it('stops at once when told to', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(inPage(good, key, { signal: controller.signal })).rejects.toThrow('aborted');
  });

  it('reports how far it is', async () => {
    const seen: number[] = [];
    await inPage(good, key, { onProgress: ({ readBytes }) => seen.push(readBytes) });
    expect(seen.at(-1)).toBe(good.length);
  });
});

function sealed(spec: BagSpec): Buffer {
  return gzipOf(packBag(sealedBag(key, spec)));
}

function allFailed(): NonNullable<BagSpec['outcomes']> {
  return ['list/core.v1.pods', 'log/shop/web-1/app'].map((artifact) => ({
    artifact,
    outcome: 'failed' as const,
    required: true,
  }));
}

/** With a ledger of redactions that names its source as every derived file does. */
function copyOf(ledger: Buffer, statement: NonNullable<BagSpec['statement']>): Buffer {
  const redactions = { path: 'data/derived/redactions.jsonl', bytes: ledger, artifact: 'derive/redactions' };
  const bag = makeBag({ payload: [...SAMPLE_PAYLOAD, redactions], statement });
  editRecords(bag, 'meta/items.jsonl', (items) =>
    items.map((item) => (item['path'] === redactions.path ? derived(item) : item)),
  );
  return gzipOf(packBag(signBag(listBag(bag), key)));
}

/** Members stand in the order of the schema, though any order is valid. */
function derived(item: Record<string, unknown>): Record<string, unknown> {
  const { sensitivity, ...rest } = item;
  return { ...rest, derivedFrom: [LOG], sensitivity };
}
