import { createHash, randomInt } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ItemRecord } from '../../src/model/artifact.js';
import type { Statement } from '../../src/model/exhibit.js';
import type { RequestRecord } from '../../src/model/request.js';
import type { VerifyReport } from '../../src/model/verdict.js';
import { asTheApiGives, newestLog } from './disk-log.js';
import { Desk, followVerifyMd, untilQuiet, kubectl, openLaboratory, records, unpack, workloads } from './laboratory.js';
import type { Laboratory } from './laboratory.js';

/** One collection of everything over both nodes while nothing happens in them, looked at from many sides. */
const run = promisify(execFile);

interface Sealed {
  readonly archivePath: string;
  readonly receiptPath: string;
  readonly statement: Statement;
}

let laboratory: Laboratory;
let desk: Desk;
let sealed: Sealed;
let bag: string;
let items: ItemRecord[];

beforeAll(async () => {
  laboratory = await openLaboratory();
  await workloads('delete', 'difficult');
  await workloads('apply', 'quiet');
  await untilQuiet(laboratory);
  desk = await Desk.open(laboratory.kubeconfig);
  await desk.exhibit([
    'case',
    'open',
    '--reference',
    'LAB-1',
    '--reason',
    'test',
    '--authority-by',
    'the lab',
    '--authority-ground',
    'a test',
  ]);
  const nodes = laboratory.nodes.flatMap((node) => ['--node', node]);
  const collected = await desk.json<{ gaps: unknown[] }>(['collect', ...nodes, '--profile', 'full', '--kubelet']);
  expect({ exitCode: collected.exitCode, gaps: collected.result.gaps }).toEqual({ exitCode: 0, gaps: [] });
  const seal = await desk.json<Sealed>(['seal']);
  expect(seal.exitCode).toBe(0);
  sealed = seal.result;
  bag = await unpack(sealed.archivePath, sealed.statement.exhibitId);
  items = await records<ItemRecord>(join(bag, 'meta/items.jsonl'));
});

afterAll(async () => {
  await desk.close();
  await rm(dirname(bag), { recursive: true, force: true });
});

async function verdictOf(
  archive: string,
  args: readonly string[] = [],
): Promise<{ exitCode: number | undefined; verdict: string }> {
  const { exitCode, result } = await desk.json<VerifyReport>([
    'verify',
    archive,
    '--allowed-signers',
    desk.allowedSigners,
    ...args,
  ]);
  return { exitCode, verdict: result.verdict };
}

describe('everything over both nodes of a quiet cluster', () => {
  it('is VERIFIED, with and without its receipt', async () => {
    expect(await verdictOf(sealed.archivePath)).toEqual({ exitCode: 0, verdict: 'VERIFIED' });
    expect(await verdictOf(sealed.archivePath, ['--receipt', sealed.receiptPath])).toEqual({
      exitCode: 0,
      verdict: 'VERIFIED',
    });
  });

  it('satisfies gzip, tar, sha256sum, ssh-keygen and, where it is installed, bagit.py, as its VERIFY.md has them', async () => {
    const output = await followVerifyMd(bag, {
      archive: sealed.archivePath,
      receipt: sealed.receiptPath,
      allowedSigners: desk.allowedSigners,
    });
    expect(output).toContain('Good "exhibit-seal@v1" signature');
    expect(output.trim().split('\n').at(-1)).toBe('all checks passed');
  });

  it('holds what every collector of the profile is for', () => {
    const collectors = new Set(items.map((item) => item.collector));
    expect([...collectors].sort()).toEqual([
      'cluster-identity',
      'events',
      'kubelet-logs',
      'node-state',
      'objects',
      'pod-logs',
    ]);
    expect(sealed.statement.completeness).toBe('complete');
  });

  it.skipIf(process.env['LAB_EXTERNAL'] === '1')(
    'holds the log lines that lie on the disks of the nodes (skipped outside this machine: no disk to look at)',
    async () => {
      const pods = JSON.parse(await kubectl(laboratory, ['get', 'pods', '-A', '-o', 'json'])) as {
        items: { metadata: { namespace: string; name: string; uid: string }; spec: { nodeName: string } }[];
      };
      const logs = items.filter((item) => item.collector === 'pod-logs' && item.path.endsWith('/current.log'));
      expect(logs.length).toBeGreaterThan(10);
      let compared = 0;
      for (const log of logs) {
        const pod = pods.items.find((candidate) => candidate.metadata.uid === log.subject.podUid);
        const container = new URL(log.source.uri ?? '', 'https://server').searchParams.get('container') ?? '';
        if (pod === undefined) throw new Error(`no pod for ${log.path}`);
        const podLogs = laboratory.settings[`LAB_${pod.spec.nodeName.toUpperCase()}_POD_LOGS`] ?? '';
        const disk = asTheApiGives(await newestLog(podLogs, pod.metadata, container));
        const archived = await readFile(join(bag, log.path));
        expect({ path: log.path, same: archived.equals(disk), archived: archived.length }).toEqual({
          path: log.path,
          same: true,
          archived: disk.length,
        });
        compared += 1;
      }
      expect(compared).toBe(logs.length);
    },
  );

  it.skipIf(process.env['LAB_EXTERNAL'] === '1')(
    'made no call that the audit log of the cluster does not know (skipped outside this machine: no audit log to look at)',
    async () => {
      const requests = await records<RequestRecord>(join(bag, 'meta/requests.jsonl'));
      const audit = await records<{
        auditID: string;
        verb: string;
        requestURI: string;
        responseStatus?: { code?: number };
      }>(laboratory.settings['LAB_AUDIT_LOG'] ?? '');
      const known = new Map(audit.map((event) => [event.auditID, event]));
      const unknown = requests.filter((request) => !known.has(request.auditIdSent));
      expect(requests.length).toBeGreaterThan(50);
      expect(unknown.map((request) => request.url)).toEqual([]);
      const answered = requests.filter((request) => request.status !== null);
      expect(
        answered
          .filter((request) => known.get(request.auditIdSent)?.responseStatus?.code !== request.status)
          .map((request) => request.url),
      ).toEqual([]);
    },
  );

  it('kept the bytes of a number that JavaScript cannot hold', async () => {
    const widgets = items.filter((item) => item.path.includes('widget') && item.path.includes('/lists/'));
    const text = await Promise.all(
      widgets.slice(0, 10).map(async (item) => await readFile(join(bag, item.path), 'utf8')),
    );
    expect(text.join('')).toContain('9007199254740993');
  });

  it('holds the value of no Secret, not even from an annotation', async () => {
    const found = await run('grep', [
      '-rlF',
      '-e',
      'never-to-be-seen-in-a-bundle',
      '-e',
      Buffer.from('never-to-be-seen-in-a-bundle').toString('base64').slice(0, 36),
      bag,
    ]).then(
      ({ stdout }) => stdout,
      (error: unknown) => ((error as { code?: number }).code === 1 ? '' : Promise.reject(error as Error)),
    );
    expect(found).toBe('');
  });
});

describe('a flipped bit', () => {
  it('anywhere in the tar ends with status 4', async () => {
    const tar = gunzipSync(await readFile(sealed.archivePath));
    const path = `${sealed.archivePath}.flipped.tar.gz`;
    for (let n = 0; n < 24; n += 1) {
      const at = randomInt(tar.length);
      const bit = 1 << randomInt(8);
      tar[at] = (tar[at] ?? 0) ^ bit;
      await writeFile(path, gzipSync(tar, { level: 1 }));
      expect({ at, bit, ...(await verdictOf(path)) }).toMatchObject({ at, bit, exitCode: 4 });
      tar[at] = (tar[at] ?? 0) ^ bit;
    }
  });

  it('anywhere in the file ends with status 4 when the receipt is given', async () => {
    const file = await readFile(sealed.archivePath);
    const path = `${sealed.archivePath}.flipped.tar.gz`;
    for (let n = 0; n < 24; n += 1) {
      const at = n === 0 ? 4 : randomInt(file.length);
      const bit = 1 << randomInt(8);
      file[at] = (file[at] ?? 0) ^ bit;
      await writeFile(path, file);
      expect({ at, bit, ...(await verdictOf(path, ['--receipt', sealed.receiptPath])) }).toMatchObject({
        at,
        bit,
        exitCode: 4,
      });
      file[at] = (file[at] ?? 0) ^ bit;
    }
    expect(createHash('sha256').update(file).digest('hex')).toBe(
      createHash('sha256')
        .update(await readFile(sealed.archivePath))
        .digest('hex'),
    );
  });
});
