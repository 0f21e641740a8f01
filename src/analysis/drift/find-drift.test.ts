import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../../../test/fakes/archive-builder.js';
import { NOW_MS } from '../../../test/fakes/verify-bytes.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { diff, type DiffRequest } from '../../workflows/diff.js';

const key = generateKeyPairSync('ed25519').privateKey;
const TIME = '2026-01-01T00:00:00.000000000Z';
const ID = (n: number): string => String(n).repeat(64);

const entry = (path: string, more: object = {}) => ({
  path,
  pathB64: Buffer.from(path).toString('base64'),
  type: 'file',
  mode: 0o755,
  uid: 0,
  gid: 0,
  sizeBytes: 10,
  mtime: TIME,
  class: 'added',
  allocatedBytes: 512,
  nlink: 1,
  inode: '1',
  device: '1',
  atime: TIME,
  ctime: TIME,
  btime: null,
  xattrs: [],
  overlay: [],
  sha256: 'a'.repeat(64),
  sniff: { kind: 'elf', marks: [] },
  base: null,
  differs: [],
  changedDuringRead: false,
  notes: [],
  ...more,
});
const source = (n: number) => ({
  folder: `data/pods/shop/web-${n}.1234567${n}/app/diff`,
  namespace: 'shop',
  pod: `web-${n}`,
  podUid: `uid-${n}`,
  container: 'app',
  containerId: ID(n),
  imageId: 'sha256:abc',
  node: 'node1',
  pid: n,
  parentPid: 1,
  startTicks: '1',
  layersFrom: 'mounts',
  view: 'node',
  upper: '/u',
  upperIdentity: '1:1',
  lowers: ['/l'],
  missingLowers: [],
  userXattr: false,
  dataOnlyLowers: 0,
  readOnlyRoot: false,
  userNamespace: false,
  runtimeAgrees: 'yes',
  disagreements: [],
  degraded: [],
  entries: 1,
  changedDuringRead: 0,
  appearedDuringRead: 0,
  leftOut: 0,
  baseListing: { sha256: '', sizeBytes: 0 },
  layerTar: null,
  volumes: [],
});

let directory: string;
let archivePath: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-diff-'));
  archivePath = join(directory, 'archive.tar.gz');
  return () => rmSync(directory, { recursive: true });
});

const lines = (...records: object[]): Buffer => Buffer.from(records.map((one) => `${asciiJson(one)}\n`).join(''));

function write(entriesOf: readonly (readonly object[])[], processes: readonly object[] = [], extra = ''): void {
  const payload = entriesOf.flatMap((entries, index) => {
    const folder = `data/derived/container-diff/shop/web-${index + 1}.app.1234567${index}`;
    const text = Buffer.concat([lines(...entries), Buffer.from(extra)]);
    return [
      { path: `${folder}/entries.jsonl`, bytes: text, artifact: 'one' },
      { path: `${folder}/source.jsonl`, bytes: lines(source(index + 1)), artifact: 'one' },
    ];
  });
  if (processes.length > 0)
    payload.push({ path: 'data/derived/nodes/node1/processes.jsonl', bytes: lines(...processes), artifact: 'one' });
  const derived = { derivedFrom: ['data/x'] };
  payload.push({ path: 'data/x', bytes: Buffer.from('x'), artifact: 'one' });
  const items = payload.map((one) => (one.path === 'data/x' ? one : { ...one, ...derived }));
  writeFileSync(archivePath, gzipOf(packBag(sealedBag(key, { payload: items }))));
}

async function read(more: Partial<DiffRequest> = {}) {
  return await diff(
    {
      archive: {
        archivePath,
        allowedSigners: { source: 'test', text: allowedSignersOf(key) },
        receiptPath: null,
        requireComplete: false,
      },
      container: null,
      classes: [],
      isAll: false,
      accepted: null,
      ...more,
    },
    { clock: { nowMs: () => NOW_MS, monoUs: () => 0, bootId: () => 'x' }, scratchDirectory: directory },
  );
}

const shown = ({ rows }: Awaited<ReturnType<typeof read>>): string[] =>
  rows.map(
    ({ source: from, entry: one, program, findings, replicas }) =>
      `${from?.pod ?? '-'} ${one?.path ?? program?.link ?? ''} ${findings.map(({ rule, severity }) => `${rule}:${severity}`).join(',')}${replicas === null ? '' : ` ${replicas.same}/${replicas.of}`}`,
  );

describe('diff', () => {
  it('shows the gravest first, and what no rule speaks about with --all only', async () => {
    write([
      [
        entry('/data', { sniff: null, mode: 0o644 }),
        entry('/etc/cron.d/x', { sniff: null, mode: 0o644 }),
        entry('/tmp/suid', { mode: 0o4755 }),
        entry('/same', { class: 'copied-up-unchanged' }),
      ],
    ]);
    const found = await read();
    expect(shown(found)).toEqual([
      'web-1 /tmp/suid set-id:critical,new-executable:high',
      'web-1 /etc/cron.d/x cron:high',
    ]);
    expect(found).toMatchObject({ leftOut: 1, isCut: false, unreadable: 0 });
    expect(Object.fromEntries(found.containers[0]?.counts ?? [])).toEqual({ 'added': 3, 'copied-up-unchanged': 1 });
    expect(shown(await read({ isAll: true })).at(-1)).toBe('web-1 /data ');
    expect(shown(await read({ classes: ['X4'] }))).toEqual(['web-1 /etc/cron.d/x cron:high']);
  });

  it('takes what half of the replicas have for less, and what one has alone for more', async () => {
    const common = entry('/opt/agent');
    const cache = entry('/var/x', { sniff: null, mode: 0o644 });
    write([
      [common, cache, entry('/var/odd', { sniff: null, mode: 0o644 })],
      [common, cache],
      [common, entry('/var/x', { sniff: null, mode: 0o644, sha256: 'c'.repeat(64) })],
    ]);
    expect(shown(await read({ isAll: true }))).toEqual([
      'web-1 /opt/agent new-executable:medium 3/3',
      'web-2 /opt/agent new-executable:medium 3/3',
      'web-3 /opt/agent new-executable:medium 3/3',
      'web-1 /var/odd odd-one-out:medium 1/3',
      'web-3 /var/x odd-one-out:medium 1/3',
      'web-1 /var/x same-in-replicas:info 2/3',
      'web-2 /var/x same-in-replicas:info 2/3',
    ]);
  });

  it('joins what runs: a file by its container and path, and programs that are no file any more', async () => {
    const process = (pid: number, link: string, more: object = {}) => ({
      pid,
      podUid: 'uid-1',
      containerId: ID(1),
      exe: {
        link: { b64: Buffer.from(link).toString('base64'), display: link },
        deleted: false,
        memfd: false,
        ...more,
      },
    });
    write(
      [[entry('/tmp/tool')], [entry('/tmp/tool')]],
      [
        process(5, '/tmp/tool'),
        process(6, '/tmp/gone (deleted)', { deleted: true }),
        process(7, '/memfd:x (deleted)', { memfd: true }),
        { pid: 8, exe: null },
      ],
    );
    expect(shown(await read({ container: 'shop/web-1' }))).toEqual([
      'web-1 /memfd:x (deleted) runs-from-memory:critical',
      'web-1 /tmp/gone (deleted) runs-deleted:critical',
      'web-1 /tmp/tool new-and-running:high 2/2',
    ]);
    expect(shown(await read({ container: `shop/web-2/app` }))).toEqual(['web-2 /tmp/tool new-executable:medium 2/2']);
    expect(shown(await read({ container: ID(2) }))).toHaveLength(1);
  });

  it('counts lines that are none and reads the rest', async () => {
    write([[entry('/tmp/tool')]], [], '{"not":"an entry"}\nrubbish\n');
    const found = await read();
    expect(found.unreadable).toBe(2);
    expect(shown(found)).toHaveLength(1);
  });

  it('refuses archives without a diff, containers that are not there, and what does not verify', async () => {
    write([]);
    await expect(read()).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    write([[entry('/a')]]);
    await expect(read({ container: 'shop/web-9' })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      subject: 'shop/web-9',
    });
    const archive = { archivePath, allowedSigners: null, receiptPath: null, requireComplete: false };
    await expect(read({ archive })).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    expect((await read({ archive, accepted: 'UNTRUSTED_SIGNER' })).rows).toHaveLength(1);
  });
});
