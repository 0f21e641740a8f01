/** Time-stamps through openssl: its tokens in our hands, ours in its, and VERIFY.md and the verifier to the same end. */
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoChain } from '../../src/evidence/timestamp/chain.js';
import { checkToken } from '../../src/evidence/timestamp/check-token.js';
import { readPem } from '../../src/evidence/timestamp/pem.js';
import { newNonce, renderRequest } from '../../src/evidence/timestamp/request.js';
import { addCustodyEvent } from '../../src/evidence/post-seal/add-custody-event.js';
import { readLaterTokens, tokenData } from '../../src/evidence/later-tokens.js';
import { verifyArchive, type VerifyOptions } from '../../src/evidence/verify/verify-archive.js';
import { systemClock } from '../../src/lib/clock.js';
import {
  allowedSignersOf,
  gzipOf,
  itemEvent,
  listBag,
  makeBag,
  packBag,
  receiptOf,
  SAMPLE_PAYLOAD,
  sha256,
  signBag,
  type Bag,
} from '../fakes/archive-builder.js';
import { memorySigner } from '../fakes/evidence-case.js';
import { stampBag, tokenOver } from '../fakes/stamp-bag.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';
import { makeTsa, type KeyKind, type TokenChanges, type Tsa } from '../fakes/token-maker.js';
import { opensslTsa, type OpensslTsa } from '../fakes/tsa-server.js';

const hasOpenssl = hasTool('openssl', ['version']);
const hasAll = hasOpenssl && hasTool('ssh-keygen', ['-?']) && hasTool('python3');
const key = generateKeyPairSync('ed25519').privateKey;
const secondKey = generateKeyPairSync('ed25519').privateKey;
const STAMPED = Buffer.from('the bytes of a signature\n');
const QUERY = renderRequest(createHash('sha256').update(STAMPED).digest(), newNonce());
const DAY_MS = 86_400_000;

let directory: string;
const file = (name: string): string => join(directory, name);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-time-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe(`openssl ts${needs('openssl', hasOpenssl)}`, () => {
  it.skipIf(!hasOpenssl).each(['rsa', 'ec'] as const)(
    'makes %s tokens that pass here, in our envelope in its hands too',
    (kind) => {
      const authority = opensslTsa(kind);
      const reply = authority.reply(QUERY, {});
      const checked = checkToken({ stamped: STAMPED, query: QUERY, reply });
      const anchors = readPem(runTool('cat', [authority.caPath]).stdout).certificates;
      expect(whyNoChain(checked.certificate, { intermediates: [], anchors, atMs: checked.genTimeMs })).toBeNull();
      expect(checked.certificate.name).toBe(`openssl ${kind} time-stamping`);
      writeFileSync(file('ours.tsr'), checked.canonicalReply);
      expect(opensslVerifies(authority.caPath, file('ours.tsr'))).toBe(true);
      // The time that it prints is the time that we read.
      const text = runTool('openssl', ['ts', '-reply', '-in', file('ours.tsr'), '-text']).stdout;
      expect(Date.parse(/Time stamp: (.*)/.exec(text)?.[1] ?? '')).toBe(checked.genTimeMs);
      rmSync(authority.directory, { recursive: true });
    },
  );

  it.skipIf(!hasOpenssl).each<KeyKind>(['rsa', 'ec', 'ec384'])(
    'accepts what the authority of our tests makes (%s)',
    (kind) => {
      const tsa = makeTsa({ kind, withIntermediate: true });
      const { query, reply, chain } = tokenOver(STAMPED, tsa);
      for (const [name, bytes] of [
        ['ours.tsr', reply],
        ['q.tsq', query],
        ['chain.pem', chain],
        ['ca.pem', tsa.root.pem],
      ] as const)
        writeFileSync(file(name), bytes);
      expect(opensslVerifies(file('ca.pem'), file('ours.tsr'), ['-untrusted', file('chain.pem')], file('q.tsq'))).toBe(
        true,
      );
      expect(opensslVerifies(file('ca.pem'), file('ours.tsr'), ['-untrusted', file('chain.pem')])).toBe(true);
      writeFileSync(file('other.pem'), makeTsa().root.pem);
      expect(opensslVerifies(file('other.pem'), file('ours.tsr'), ['-untrusted', file('chain.pem')])).toBe(false);
    },
  );

  it.skipIf(!hasOpenssl)('reads our request as we mean it', () => {
    writeFileSync(file('q.tsq'), QUERY);
    const { stdout } = runTool('openssl', ['ts', '-query', '-in', file('q.tsq'), '-text']);
    expect(stdout).toContain('Hash Algorithm: sha256');
    expect(stdout).toContain('Certificate required: yes');
    expect(stdout).toMatch(/Nonce: 0x[8-9A-F][0-9A-F]{15}\n/);
  });

  function opensslVerifies(ca: string, reply: string, more: string[] = [], query?: string): boolean {
    writeFileSync(file('stamped'), STAMPED);
    const input = query === undefined ? ['-data', file('stamped')] : ['-queryfile', query];
    return runTool('openssl', ['ts', '-verify', ...input, '-in', reply, '-CAfile', ca, ...more]).status === 0;
  }
});

describe(`VERIFY.md with time-stamps${needs('openssl, ssh-keygen or python3', hasAll)}`, () => {
  let tsa: Tsa;
  let other: Tsa;

  beforeAll(() => {
    tsa = makeTsa({ withIntermediate: true });
    other = makeTsa({ name: 'Other', kind: 'rsa' });
  });

  /** Two signers, so that the way for the second is walked as well. */
  const bagOf = (requireTimestamp = true): Bag => {
    const policy = { requireTimestamp, requireSigners: 2 };
    const bag = makeBag({ guideFor: [key, secondKey], statement: { policy } });
    return signBag(signBag(listBag(bag), key), secondKey, 2);
  };

  interface Followed {
    readonly roots?: string | null;
    readonly signers?: string;
    readonly receipt?: boolean;
    readonly revoked?: string;
  }

  let archives = 0;

  /** The end of the guide and the verdict of the verifier for the same file with the same trust. */
  async function both(bag: Bag, options: Followed = {}): Promise<{ guide: boolean; verdict: string; output: string }> {
    const { roots = tsa.root.pem, signers = allowedSignersOf(key) + allowedSignersOf(secondKey) } = options;
    archives += 1;
    const folder = mkdtempSync(join(directory, 'archive-'));
    const archivePath = join(folder, `${bag.root}.tar.gz`);
    const container = gzipOf(packBag(bag));
    writeFileSync(archivePath, container);
    await later?.(archivePath, container, bag);
    const receipt = options.receipt === true ? receiptWithTime(bag, container) : null;
    writeFileSync(join(folder, 'roots.pem'), roots ?? '');
    writeFileSync(join(folder, 'allowed'), signers);
    writeFileSync(join(folder, 'receipt'), JSON.stringify(receipt));
    const guide = bag.files.get('VERIFY.md')?.toString('latin1') ?? '';
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail'], {
      input: [...guide.matchAll(/^~~~ bash\n(.*?)^~~~$/gms)].map((block) => block[1] ?? '').join(''),
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        TMPDIR: folder,
        HOME: folder,
        ARCHIVE: archivePath,
        RECEIPT: receipt === null ? '' : join(folder, 'receipt'),
        ALLOWED_SIGNERS: join(folder, 'allowed'),
        ...(roots === null ? {} : { TSA_CA: join(folder, 'roots.pem') }),
      },
    });
    const nowMs = systemClock.nowMs();
    const verifyOptions: VerifyOptions = {
      archivePath,
      allowedSigners: { source: 'test', text: signers },
      receipt,
      tsaRoots: roots === null ? null : { source: 'test', text: roots },
      laterTokens: (exhibit) => readLaterTokens({ archivePath, exhibit, nowMs }),
      now: nowMs,
    };
    const { verdict } = await verifyArchive(verifyOptions);
    const output = stdout + stderr;
    return { guide: status === 0 && output.includes('all checks passed'), verdict, output };
  }

  let later: ((archivePath: string, container: Buffer, bag: Bag) => Promise<void>) | null = null;

  function receiptWithTime(bag: Bag, container: Buffer): ReturnType<typeof receiptOf> {
    const reply = bag.files.get('seal/seal.tsr') ?? Buffer.alloc(0);
    const text = /\x18.(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z/s.exec(reply.toString('latin1'))?.slice(1) ?? [];
    const genTime = `${text.slice(0, 3).join('-')}T${text.slice(3).join(':')}.000Z`;
    return { ...receiptOf(bag, container, key), genTime, tsrSha256: sha256(reply) };
  }

  const expectGood = ({ guide, verdict, output }: Awaited<ReturnType<typeof both>>): void => {
    expect([guide, verdict], output).toEqual([true, 'VERIFIED']);
  };
  const expectBad = ({ guide, verdict, output }: Awaited<ReturnType<typeof both>>, expected: string): void => {
    expect([guide, verdict], output).toEqual([false, expected]);
  };

  it.skipIf(!hasAll)('leads to the end with one token, with two, and with the receipt', async () => {
    const one = stampBag(bagOf(), tsa);
    expectGood(await both(one));
    expectGood(await both(one, { receipt: true }));
    expectGood(await both(stampBag(one, other, { number: 2 })));
    const wide = makeTsa({ kind: 'ec384' });
    expectGood(await both(stampBag(bagOf(), wide), { roots: wide.root.pem }));
  });

  it.skipIf(!hasAll)('leads to the end where no time is asked for and no root is given', async () => {
    expectGood(await both(bagOf(false), { roots: null }));
    expectGood(await both(stampBag(bagOf(false), tsa), { roots: null }));
  });

  it.skipIf(!hasAll)('leads to the end though certificates and key have expired since', async () => {
    const validity = { fromMs: Date.now() - 900 * DAY_MS, untilMs: Date.now() - 300 * DAY_MS };
    const past = makeTsa({ validity, withIntermediate: true });
    const bag = stampBag(bagOf(), past, { changes: { genTimeMs: Date.now() - 500 * DAY_MS } });
    const day = (ago: number): string =>
      new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
    const limited = (one: typeof key, ago: number): string =>
      allowedSignersOf(one).replace('namespaces=', `valid-before="${day(ago)}Z",namespaces=`);
    const [first, second] = [allowedSignersOf(key), allowedSignersOf(secondKey)];
    expectGood(await both(bag, { roots: past.root.pem, signers: limited(key, 400) + second }));
    expectBad(await both(bag, { roots: past.root.pem, signers: limited(key, 600) + second }), 'UNTRUSTED_SIGNER');
    // The token is over the first signature, and dates no other.
    expectBad(await both(bag, { roots: past.root.pem, signers: first + limited(secondKey, 400) }), 'UNTRUSTED_SIGNER');
  });

  it.skipIf(!hasAll)('stops where the time is not proven', async () => {
    const bag = stampBag(bagOf(), tsa);
    expectBad(await both(bag, { roots: other.root.pem }), 'INTACT_UNTIMESTAMPED');
    expectBad(await both(bag, { roots: null }), 'INTACT_UNTIMESTAMPED');
    expectBad(await both(bagOf()), 'INTACT_UNTIMESTAMPED');
    expectBad(await both(bagOf(false)), 'INTACT_UNTIMESTAMPED');
  });

  it.skipIf(!hasAll)('stops where one of two signers is not trusted, gone or exchanged', async () => {
    const bag = stampBag(bagOf(), tsa);
    expectBad(await both(bag, { signers: allowedSignersOf(key) }), 'UNTRUSTED_SIGNER');
    const gone = stampBag(bagOf(), tsa);
    gone.files.delete('seal/tagmanifest-sha256.txt.2.sig');
    gone.files.delete('seal/signer-2.pub');
    expectBad(await both(gone), 'INTACT_UNSEALED');
    const exchanged = stampBag(bagOf(), tsa);
    const swap = (one: string, two: string): void => {
      const [a, b] = [exchanged.files.get(one), exchanged.files.get(two)];
      exchanged.files.set(one, b ?? Buffer.alloc(0)).set(two, a ?? Buffer.alloc(0));
    };
    swap('seal/tagmanifest-sha256.txt.sig', 'seal/tagmanifest-sha256.txt.2.sig');
    swap('seal/signer.pub', 'seal/signer-2.pub');
    expectBad(await both(exchanged), 'TAMPERED');
  });

  it.skipIf(!hasAll)('stops at changed bytes of request and answer, wherever they are', async () => {
    const good = stampBag(bagOf(), other);
    const places = [2, 4, 8, 10, 20, 30, 45, 60, 90, 140, 200, 400, 700, 900, 1000];
    for (const [path, at] of [
      ...places.map((place) => ['seal/seal.tsr', place] as const),
      ...[3, 4, 8, 30, 50, 60, 68].map((place) => ['seal/seal.tsq', place] as const),
    ]) {
      const bag = { ...good, files: new Map(good.files) };
      const bytes = Buffer.from(bag.files.get(path) ?? Buffer.alloc(0));
      const place = Math.min(at, bytes.length - 1);
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      bag.files.set(path, bytes);
      const found = await both(bag, { roots: other.root.pem });
      expect([path, at, found.guide, found.verdict], found.output).toEqual([path, at, false, 'TAMPERED']);
    }
  });

  it.skipIf(!hasAll)('checks tokens over lines of the custody log', async () => {
    const policy = { requireTimestamp: true, requireSigners: 1 };
    const events = [{ event: 'open' }, { event: 'heartbeat' }, ...SAMPLE_PAYLOAD.map(itemEvent), { event: 'seal' }];
    const stamped = (change: (bag: Bag, lines: readonly Buffer[]) => void): Bag => {
      const bag = makeBag({ guideFor: key, statement: { policy }, events });
      const log = bag.files.get('custody/acquisition.jsonl')?.toString('latin1') ?? '';
      change(
        bag,
        log.split(/(?<=\n)/).map((line) => Buffer.from(line)),
      );
      return stampBag(signBag(listBag(bag), key), tsa);
    };
    const put = (bag: Bag, name: string, line: Buffer | undefined): void => {
      const { query, reply } = tokenOver(line ?? Buffer.alloc(0), tsa);
      bag.files.set(`custody/${name}.tsq`, query).set(`custody/${name}.tsr`, reply);
    };
    const good = stamped((bag, lines) => {
      put(bag, 'open', lines[0]);
      put(bag, 'hb-0001', lines[1]);
    });
    expectGood(await both(good, { signers: allowedSignersOf(key) }));
    const bad: ((bag: Bag, lines: readonly Buffer[]) => void)[] = [
      (bag, lines) => put(bag, 'open', lines[1]),
      (bag, lines) => put(bag, 'hb-0001', lines[2]),
      (bag, lines) => {
        put(bag, 'open', lines[0]);
        bag.files.delete('custody/open.tsq');
      },
      (bag, lines) => {
        put(bag, 'open', lines[0]);
        const reply = Buffer.from(bag.files.get('custody/open.tsr') ?? []);
        reply[9] = 1;
        bag.files.set('custody/open.tsr', reply);
      },
    ];
    for (const change of bad) expectBad(await both(stamped(change), { signers: allowedSignersOf(key) }), 'TAMPERED');
  });

  it.skipIf(!hasAll)('takes tokens that were got later, and each covers those before it', async () => {
    const signer = memorySigner();
    let laterTokens: { authority: Tsa; changes?: TokenChanges }[] = [{ authority: other }, { authority: tsa }];
    const add = async (archivePath: string, container: Buffer, bag: Bag): Promise<void> => {
      const exhibit = {
        exhibitId: bag.root,
        tagmanifestSha256: sha256(bag.files.get('tagmanifest-sha256.txt') ?? ''),
        containerSha256: sha256(container),
      };
      let stamped = Buffer.concat(
        ['seal/tagmanifest-sha256.txt.sig', 'seal/seal.tsr'].map((path) => bag.files.get(path) ?? Buffer.alloc(0)),
      );
      for (const { authority, changes } of laterTokens) {
        const token = tokenOver(stamped, authority, changes);
        const event = { event: 'retimestamp', data: tokenData(token) } as const;
        await addCustodyEvent({ archivePath, exhibit, event, signer, clock: systemClock });
        stamped = Buffer.concat([stamped, token.reply]);
      }
    };
    later = add;
    try {
      expectGood(await both(bagOf()));
      expectGood(await both(stampBag(bagOf(), other)));
      expectBad(await both(bagOf(), { roots: makeTsa().root.pem }), 'INTACT_UNTIMESTAMPED');
      // One that says a time before that of a token it covers makes no key valid that was not at the time of that.
      const validity = { fromMs: Date.now() - 900 * DAY_MS, untilMs: Date.now() + 300 * DAY_MS };
      const long = makeTsa({ validity });
      laterTokens = [{ authority: long, changes: { genTimeMs: Date.now() - 500 * DAY_MS } }];
      const until = new Date(Date.now() - 400 * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
      const expired = allowedSignersOf(key).replace('namespaces=', `valid-before="${until}Z",namespaces=`);
      const given = { roots: tsa.root.pem + long.root.pem, signers: expired + allowedSignersOf(secondKey) };
      expectGood(await both(bagOf(), given));
      expectBad(await both(stampBag(bagOf(), tsa), given), 'UNTRUSTED_SIGNER');
    } finally {
      later = null;
    }
    expect(archives).toBeGreaterThan(0);
  });

  it.skipIf(!hasAll).each(['rsa', 'ec'] as const)(
    'leads to the end with a token that openssl made (%s)',
    async (kind) => {
      const authority: OpensslTsa = opensslTsa(kind);
      const bag = bagOf();
      const signature = bag.files.get('seal/tagmanifest-sha256.txt.sig') ?? Buffer.alloc(0);
      const query = renderRequest(createHash('sha256').update(signature).digest(), newNonce());
      const { canonicalReply } = checkToken({ stamped: signature, query, reply: authority.reply(query, {}) });
      const roots = runTool('cat', [authority.caPath]).stdout;
      bag.files
        .set('seal/seal.tsq', query)
        .set('seal/seal.tsr', canonicalReply)
        .set('seal/tsa-chain.pem', Buffer.from(roots));
      expectGood(await both(bag, { roots }));
      rmSync(authority.directory, { recursive: true });
    },
  );
});
