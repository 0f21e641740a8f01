import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  collectOne,
  memorySigner,
  newExhibit,
  OPENING,
  quietIo,
  SBOM,
  temporaryStore,
} from '../../test/fakes/evidence-case.js';
import { makeTsa, type Tsa } from '../../test/fakes/token-maker.js';
import { inMemory, startTsa, type TsaBehaviour, type TsaServer } from '../../test/fakes/tsa-server.js';
import { createHttpTimestamper } from '../http/http-timestamper.js';
import { systemClock } from '../lib/clock.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import type { ClockRecord } from '../model/request.js';
import type { VerifyReport } from '../model/verdict.js';
import type { Timestamper } from '../ports/timestamper.js';
import { readArchiveFile } from '../../test/fakes/read-archive-file.js';
import { sealExhibit, type SealedExhibit, type SealOptions } from './seal-exhibit.js';
import { verifyArchive } from './verify/verify-archive.js';

const signer = memorySigner();
const second = memorySigner();

let tsa: Tsa;
let server: TsaServer;
let emitted: string[];

beforeEach(async () => {
  tsa = makeTsa();
  server = await startTsa(inMemory(tsa));
  emitted = [];
});
afterEach(async () => {
  await server.stop();
});

function timestamperOf({ url }: TsaServer, limits = {}): Timestamper {
  return createHttpTimestamper({
    url,
    userAgent: 'exhibit/0',
    variables: {},
    clock: systemClock,
    onRetry: () => undefined,
    limits: { pausesMs: [], ...limits },
  });
}

async function sealed(
  timestampers: readonly Timestamper[],
  options: Partial<SealOptions> = {},
): Promise<SealedExhibit> {
  const { openCase, exhibit } = await newExhibit(temporaryStore().store);
  onTestFinished(async () => {
    await openCase.release();
  });
  await exhibit.writeOpening(OPENING);
  await collectOne(exhibit, 'a', Buffer.from('payload\n'));
  return await sealExhibit({
    openCase,
    exhibit,
    signer,
    clock: systemClock,
    io: { ...quietIo, emit: (code, text) => emitted.push(`${code} ${text}`) },
    policy: { requireTimestamp: true, requireSigners: 1 + (options.countersigners?.length ?? 0) },
    sbom: SBOM,
    timestampers,
    ...options,
  });
}

async function verified(archivePath: string, roots: string | null): Promise<VerifyReport> {
  const text = [signer, second].map(({ publicKey }) => `me namespaces="${SEAL_NAMESPACE}" ${publicKey}\n`).join('');
  return await verifyArchive({
    archivePath,
    allowedSigners: { source: 'test', text },
    tsaRoots: roots === null ? null : { source: 'roots', text: roots },
    now: systemClock.nowMs(),
  });
}

describe('a seal with time', () => {
  it('holds request, answer and certificates of each authority, and the receipt names the first', async () => {
    const other = await startTsa(inMemory(makeTsa({ name: 'Other', kind: 'rsa', withIntermediate: true })));
    onTestFinished(async () => {
      await other.stop();
    });
    const { archivePath, receipt, report, timestamps } = await sealed([timestamperOf(server), timestamperOf(other)]);
    expect(report.verdict).toBe('VERIFIED');
    expect(report.line).toContain('time-stamp of');
    expect(timestamps.map(({ url, authority }) => [url, authority])).toEqual([
      [server.url, 'Test time-stamping'],
      [other.url, 'Other time-stamping'],
    ]);
    const signature = readArchiveFile(archivePath, 'seal/tagmanifest-sha256.txt.sig');
    const imprint = createHash('sha256').update(signature).digest();
    // First what time it is, then over the signature.
    for (const asked of [server, other])
      expect(asked.queries.map((query) => query.includes(imprint))).toEqual([false, true]);
    const reply = readArchiveFile(archivePath, 'seal/seal.tsr');
    expect(receipt.tsrSha256).toBe(createHash('sha256').update(reply).digest('hex'));
    expect(receipt.genTime).toBe(timestamps[0]?.genTime);
    expect(readArchiveFile(archivePath, 'seal/seal.tsq')).toEqual(server.queries[1]);
    expect(readArchiveFile(archivePath, 'seal/tsa-chain-2.pem').toString().match(/BEGIN/g)).toHaveLength(2);
    expect((await verified(archivePath, tsa.root.pem)).verdict).toBe('VERIFIED');
    expect((await verified(archivePath, makeTsa().root.pem)).verdict).toBe('INTACT_UNTIMESTAMPED');
    expect((await verified(archivePath, null)).verdict).toBe('INTACT_UNTIMESTAMPED');
  });

  it('says of each authority, by its token and by its Date, how far the clocks are apart, before it is closed', async () => {
    server.changes = { genTimeMs: systemClock.nowMs() + 3_600_000 };
    const { archivePath, report } = await sealed([timestamperOf(server)]);
    const records = readArchiveFile(archivePath, 'meta/clock.jsonl')
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as ClockRecord);
    expect(records.map(({ source, phase }) => [source, phase])).toEqual([
      [`tsa ${server.url}`, 'seal'],
      [`tsa ${server.url} (Date)`, 'seal'],
    ]);
    const [token, date] = records;
    expect(token?.offsetMinMs).toBeGreaterThan(3_500_000);
    expect(token?.offsetMaxMs).toBeLessThan(3_700_000);
    expect(date !== undefined && date.offsetMinMs <= 0 && date.offsetMaxMs >= 0).toBe(true);
    for (const { offsetMinMs, offsetMaxMs, roundTripMs } of records)
      expect(offsetMaxMs - offsetMinMs).toBeGreaterThanOrEqual(1000 + Math.max(0, roundTripMs - 2));
    expect(emitted.some((text) => text.includes(`the clock of tsa ${server.url}`))).toBe(true);
    expect(report.alarms.some((alarm) => alarm.includes(`tsa ${server.url}`))).toBe(true);
    expect(readArchiveFile(archivePath, 'custody/acquisition.jsonl').toString()).toMatch(
      /"event":"clock".*\n(.*\n)*.*"event":"seal"/,
    );
  });

  it('asks for no time without an authority, and is made without the reading of one that does not answer', async () => {
    const { archivePath } = await sealed([]);
    expect(readArchiveFile(archivePath, 'meta/clock.jsonl').toString()).toBe('');
    server.behaviour = 'garbage';
    const failed = await sealed([timestamperOf(server)]);
    expect(readArchiveFile(failed.archivePath, 'meta/clock.jsonl').toString()).toBe('');
    expect(failed.timestampFailures).toHaveLength(1);
  });

  it('is over the first of two signatures', async () => {
    const { archivePath } = await sealed([timestamperOf(server)], { countersigners: [second] });
    expect(await verified(archivePath, tsa.root.pem)).toMatchObject({ verdict: 'VERIFIED' });
  });

  it.each<[TsaBehaviour, RegExp]>([
    ['garbage', /is not accepted: /],
    ['empty', /is not accepted: /],
    ['login-page', /is not accepted: /],
    ['other-nonce', /it answers another request/],
    ['other-data', /it is over other bytes/],
    ['refuses', /the authority refused \(status 2\): not you /],
    ['error', /HTTP status 503/],
    ['cut', /not read to the end/],
    ['endless', /longer than the limit/],
  ])('goes on without a token, loudly, when the authority answers with %s', async (behaviour, why) => {
    server.behaviour = behaviour;
    const { archivePath, receipt, report, timestamps, timestampFailures } = await sealed([timestamperOf(server)]);
    expect(report.verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(timestamps).toEqual([]);
    expect(timestampFailures).toEqual([{ url: server.url, reason: expect.stringMatching(why) as string }]);
    expect(timestampFailures[0]?.reason).toMatch(/^[\x20-\x7e]+$/);
    expect(receipt).not.toHaveProperty('genTime');
    expect(emitted.filter((line) => line.startsWith('SEAL_TIME_MISSING'))).toHaveLength(1);
    expect((await verified(archivePath, tsa.root.pem)).verdict).toBe('INTACT_UNTIMESTAMPED');
  });

  it('goes on without a token when the authority is silent', async () => {
    server.behaviour = 'silent';
    const { report } = await sealed([timestamperOf(server, { firstByteMs: 20 })]);
    expect(report.verdict).toBe('INTACT_UNTIMESTAMPED');
  });

  it('numbers the tokens that came, and is content with one', async () => {
    const bad = await startTsa(inMemory());
    onTestFinished(async () => {
      await bad.stop();
    });
    bad.behaviour = 'garbage';
    const { archivePath, report, timestampFailures } = await sealed([timestamperOf(bad), timestamperOf(server)]);
    expect(report.verdict).toBe('VERIFIED');
    expect(timestampFailures).toHaveLength(1);
    expect(emitted.some((line) => line.startsWith('SEAL_TIME_MISSING'))).toBe(false);
    expect(await verified(archivePath, tsa.root.pem)).toMatchObject({
      verdict: 'VERIFIED',
      timestamps: [{ path: 'seal/seal.tsr', result: 'passed' }],
    });
  });

  it('is interrupted while it waits, and can be repeated', async () => {
    const controller = new AbortController();
    const waiting: Timestamper = {
      url: 'http://127.0.0.1/',
      stamp: () => {
        controller.abort();
        return Promise.reject(new Error('aborted'));
      },
    };
    await expect(sealed([waiting], { signal: controller.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('without an authority asks for nothing and says nothing', async () => {
    const { report } = await sealed([], { policy: { requireTimestamp: false, requireSigners: 1 } });
    expect(report.verdict).toBe('VERIFIED');
    expect(emitted.some((line) => line.includes('STAMP'))).toBe(false);
  });
});
