import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PaxEntry } from '../../lib/pax-tar/pax-entry.js';
import { CertificateRows, certificatesOf } from './certificates.js';
import { KernelModules } from './kernel-modules.js';
import { loginObserver } from './login-observer.js';
import { logHoles, parsePodLogName, podLogObserver, type ObservedLog } from './pod-log-observer.js';
import { Unpacking } from './unpacking.js';

const entryOf = (sizeBytes: number): PaxEntry => ({ sizeBytes }) as PaxEntry;

async function logins(
  path: string,
  pieces: readonly [offset: number, bytes: Buffer][],
  sizeBytes: number,
  machine = 'x86_64',
) {
  let delivered: readonly object[] = [];
  const unpacking = new Unpacking();
  const observer = loginObserver({ path, sizeBytes, machine, unpacking, deliver: (lines) => void (delivered = lines) });
  for (const [offset, bytes] of pieces) await observer.data(offset, bytes);
  await observer.end(entryOf(sizeBytes));
  return delivered as Record<string, unknown>[];
}

function record(user: string, seconds: number): Buffer {
  const bytes = Buffer.alloc(384);
  bytes.writeInt16LE(7, 0);
  bytes.write(user, 44);
  bytes.writeInt32LE(seconds, 340);
  return bytes;
}

describe('logins', () => {
  const wtmp = Buffer.concat([record('root', 1_700_000_000), record('mallory\x1b[2J', 1_700_000_001)]);

  it('come out one a line, however the file arrives', async () => {
    const whole = await logins('/var/log/wtmp', [[0, wtmp]], wtmp.length);
    expect(whole).toMatchObject([
      { kind: 'login', index: 0, type: 'user-process', at: '2023-11-14T22:13:20.000Z', user: { display: 'root' } },
      { kind: 'login', index: 1, user: { display: String.raw`mallory\x1b[2J` }, recordBytes: 384 },
    ]);
    const split = Array.from(wtmp, (_byte, at) => [at, wtmp.subarray(at, at + 1)] as [number, Buffer]);
    expect(await logins('/var/log/wtmp', split, wtmp.length)).toEqual(whole);
    const packed = gzipSync(wtmp);
    const unpacked = await logins('/var/log/wtmp.2.gz', [[0, packed]], packed.length);
    expect(unpacked.map(({ file: _file, ...rest }) => rest)).toEqual(whole.map(({ file: _file, ...rest }) => rest));
  });

  it('say what is torn and what cannot be unpacked', async () => {
    const torn = Buffer.concat([wtmp, Buffer.alloc(100)]);
    expect((await logins('/var/log/wtmp', [[0, torn]], torn.length)).at(-1)).toMatchObject({
      kind: 'torn',
      bytes: 100,
    });
    expect(await logins('/var/log/wtmp.1.gz', [[0, Buffer.from('no gzip')]], 7)).toMatchObject([
      { kind: 'not-unpacked' },
    ]);
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    expect(await logins('/var/log/wtmp.1.gz', [[0, bomb]], bomb.length)).toMatchObject([{ kind: 'not-unpacked' }]);
  });

  it('of lastlog are found by user id across its holes', async () => {
    const last = Buffer.alloc(292);
    last.writeInt32LE(1_700_000_000, 0);
    last.write('pts/9', 4);
    const size = 292 * 65_535;
    const of0: [number, Buffer] = [0, last];
    // A data segment need not begin where a record does.
    const of1000: [number, Buffer] = [292 * 1000 - 5, Buffer.concat([Buffer.alloc(5), last.subarray(0, 100)])];
    const lines = await logins('/var/log/lastlog', [of0, of1000], size);
    expect(lines).toMatchObject([
      { kind: 'last-login', uid: 0, at: '2023-11-14T22:13:20.000Z' },
      { kind: 'last-login', uid: 1000, line: { display: 'pts/9' } },
    ]);
  });

  it('never fail, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.constantFrom('/run/utmp', '/var/log/lastlog', '/x.gz'),
        async (bytes, path) => {
          expect(Array.isArray(await logins(path, [[0, Buffer.from(bytes)]], bytes.length))).toBe(true);
        },
      ),
    );
  });
});

describe('logs of pods on the disk', () => {
  const folder = '/var/log/pods/shop_cart-7d9_0f3c/app';
  async function observe(
    files: Readonly<Record<string, Buffer>>,
    unpacking = new Unpacking(),
    pieceBytes = 7,
  ): Promise<ObservedLog[]> {
    const logs: ObservedLog[] = [];
    for (const [path, bytes] of Object.entries(files)) {
      const observer = podLogObserver({ path, unpacking, deliver: (log) => void logs.push(log) });
      for (let at = 0; at < bytes.length; at += pieceBytes)
        await observer?.data(at, bytes.subarray(at, at + pieceBytes));
      await observer?.end(entryOf(bytes.length));
    }
    return logs;
  }
  const line = (second: number): string => `2026-01-01T00:00:0${second}.000000000Z stdout F hello\n`;

  it('measure what the API does not serve', async () => {
    const holes = logHoles(
      await observe({
        [`${folder}/2.log`]: Buffer.from(line(5)),
        [`${folder}/2.log.20260101-000004`]: Buffer.from(line(3) + line(4)),
        [`${folder}/2.log.20260101-000002.gz`]: gzipSync(line(1) + line(2)),
        [`${folder}/0.log`]: Buffer.from('{"log":"x\\n","stream":"stdout","time":"2025-12-31T00:00:00.5Z"}\n'),
      }),
    );
    const bytes = Buffer.byteLength(line(1));
    expect(holes).toMatchObject([
      { instance: 0, servedByApi: { files: 0 }, onDiskOnly: { files: 1, lines: 1, firstAt: '2025-12-31T00:00:00.5Z' } },
      {
        namespace: { display: 'shop' },
        pod: { display: 'cart-7d9' },
        podUid: { display: '0f3c' },
        container: { display: 'app' },
        instance: 2,
        onDisk: { files: 3, lines: 5, bytes: 5 * bytes },
        servedByApi: { files: 1, lines: 1, firstAt: '2026-01-01T00:00:05.000000000Z' },
        onDiskOnly: {
          files: 2,
          lines: 4,
          bytes: 4 * bytes,
          firstAt: '2026-01-01T00:00:01.000000000Z',
          lastAt: '2026-01-01T00:00:04.000000000Z',
        },
      },
    ]);
  });

  it('count a line that the runtime cut into pieces once, as the API does', async () => {
    const piece = (tag: string, text: string): string => `2026-01-01T00:00:00.5Z stdout ${tag} ${text}\n`;
    const docker = (log: string): string =>
      `${JSON.stringify({ log, stream: 'stdout', time: '2026-01-01T00:00:00Z' })}\n`;
    const cri = piece('P', 'a') + piece('P:x', 'b') + piece('F', 'stdout P c') + piece('F', '');
    const logs = await observe({
      [`${folder}/1.log`]: Buffer.from(cri),
      [`${folder}/2.log`]: Buffer.from(docker('one "') + docker('line\\n') + docker('end\n') + docker('next\n')),
    });
    expect(logs.map(({ extent }) => [extent?.lines, extent?.wholeLines])).toEqual([
      [4, 2],
      [4, 2],
    ]);
    expect(logHoles(logs)).toMatchObject([
      { instance: 1, onDisk: { lines: 4, wholeLines: 2 }, files: [{ current: true, lines: 4, wholeLines: 2 }] },
      { instance: 2 },
    ]);
  });

  it('count a last line without an end, and say what cannot be unpacked', async () => {
    const logs = await observe({
      [`${folder}/0.log`]: Buffer.from('no time\n\nend'),
      [`${folder}/0.log.1.gz`]: Buffer.from('x'),
    });
    expect(logs.map(({ extent }) => extent)).toEqual([
      { lines: 3, wholeLines: 3, bytes: 12, firstAt: null, lastAt: null },
      null,
    ]);
    expect(logHoles(logs)).toMatchObject([{ onDisk: { files: 2, unreadableFiles: 1 } }]);
  });

  it('that hold a thousand times their size let others have their turn, and keep within one budget', async () => {
    const lines = 8 * 1024 * 1024;
    const bomb = gzipSync(Buffer.alloc(lines, '\n'));
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const names = [1, 2, 3, 4].map((number) => `${folder}/0.log.${String(number)}.gz`);
    const unpacking = new Unpacking(2 * lines + 5);
    const logs = await observe(Object.fromEntries(names.map((name) => [name, bomb])), unpacking, 65_536);
    isDone = true;
    // A piece of 64 KiB at a time, 128 of them a file; one turn a file is what unpacking at once would leave.
    expect(turns).toBeGreaterThan(64);
    expect(logs.map(({ extent }) => extent?.lines ?? null)).toEqual([lines, lines, null, null]);
    expect(unpacking.leftOut).toBe(2);
    expect(logHoles(logs)).toMatchObject([{ onDisk: { files: 4, unreadableFiles: 2 } }]);
  });

  it('are measured the same, however the bytes are cut and however short the lines', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constant(''),
      fc.nat(9).map((second) => line(second).trimEnd()),
      fc.constantFrom('1 stdout P ', '1 stdout F x', '{"log":"","', '2026-01-01T00:00:00Z'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 60 }), async (texts, pieceBytes) => {
        const plain = texts.map((one) => one.replaceAll('\n', ' '));
        const bytes = Buffer.from(plain.map((one) => `${one}\n`).join(''));
        const [log] = await observe({ [`${folder}/0.log`]: bytes }, new Unpacking(), pieceBytes);
        const timed = plain.filter((one) => one.startsWith('2026-') && one.includes(' '));
        const cut = plain.filter((one) => one === '1 stdout P ' || one === '{"log":"","');
        expect(log?.extent).toEqual({
          lines: plain.length,
          wholeLines: plain.length - cut.length,
          bytes: bytes.length,
          firstAt: timed[0]?.slice(0, 30) ?? null,
          lastAt: timed.at(-1)?.slice(0, 30) ?? null,
        });
      }),
    );
  });

  it('are known by their names alone', () => {
    expect(parsePodLogName(`${folder}/3.log`)).toEqual({
      pod: 'shop_cart-7d9_0f3c',
      container: 'app',
      instance: 3,
      isCurrent: true,
    });
    for (const path of [`${folder}/a.log`, `${folder}/3.txt`, '/var/log/pods/x/3.log', '/var/log/containers/a.log'])
      expect(parsePodLogName(path)).toBeNull();
  });
});

describe('certificates', () => {
  it('give what they say and never a key', () => {
    const folder = mkdtempSync(join(tmpdir(), 'exhibit-cert-'));
    try {
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3'],
          ...['-subj', '/O=system:nodes/CN=system:node:n1', '-addext', 'subjectAltName=DNS:n1,IP:192.0.2.1'],
          ...['-keyout', join(folder, 'key'), '-out', join(folder, 'crt')],
        ],
        { stdio: 'ignore' },
      );
      const key = readFileSync(join(folder, 'key'), 'latin1');
      const pem = readFileSync(join(folder, 'crt'), 'latin1');
      const rows = new CertificateRows();
      // Between the marks of a certificate stands a key: it is none, and is dropped.
      const forged = pem.replace(
        /(-----BEGIN CERTIFICATE-----\n)[^-]+/,
        `$1${key.split('\n').slice(1, -2).join('\n')}\n`,
      );
      rows.feed(Buffer.from(`var/lib/kubelet/pki/kubelet.crt\0${forged}${pem}\0`));
      const found = rows.byPath.get('/var/lib/kubelet/pki/kubelet.crt');
      expect(found).toMatchObject([
        { subject: 'O=system:nodes, CN=system:node:n1', subjectAltName: 'DNS:n1, IP Address:192.0.2.1', keyType: 'ec' },
      ]);
      const keyLine = key.split('\n')[1]!;
      expect(JSON.stringify(found)).not.toContain(keyLine.slice(0, 40));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('that are none are dropped', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    expect(certificatesOf(pem)).toEqual([]);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(certificatesOf(`-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`)).toEqual([]);
      }),
    );
  });
});

describe('kernel modules', () => {
  it('that one list hides are named', () => {
    const modules = new KernelModules();
    modules.feed(
      Buffer.from(
        '/proc/modules\0ext4 1 0 - Live 0x0\n/proc/modules\0ghost 1 0 - Live 0x0 (OE)\n' +
          '/sys/module/ext4/initstate\0live\n/sys/module/rootkit/initstate\0live\n/sys/module/ext4/taint\0\n',
      ),
    );
    expect(modules.lines()).toEqual([
      { module: 'ext4', inProcModules: true, inSysfs: true, hiddenFrom: null, taint: '' },
      { module: 'ghost', inProcModules: true, inSysfs: false, hiddenFrom: 'sysfs', taint: 'OE' },
      { module: 'rootkit', inProcModules: false, inSysfs: true, hiddenFrom: 'proc-modules', taint: '' },
    ]);
  });
});
