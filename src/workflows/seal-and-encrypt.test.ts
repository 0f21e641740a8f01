import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Decrypter } from 'age-encryption';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { AGE, ageKey } from '../../test/fakes/age-world.js';
import { collectOne, draftOf, factsOf, memorySigner, newExhibit } from '../../test/fakes/evidence-case.js';
import { OPENING, outcomeOf, planOf, quietIo, SBOM, temporaryStore } from '../../test/fakes/evidence-case.js';
import { isSampled } from '../../test/fakes/sampled.js';
import { systemClock } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { Io } from '../ports/io.js';
import type { CaseStore } from '../evidence/case-store.js';
import { readRecipients } from '../evidence/age/recipients.js';
import { sealedPaths } from '../evidence/finished-seal.js';
import type { EncryptionRequest } from './encrypt-sealed.js';
import { sealAndEncrypt, type SealAndEncryptDeps, type SealAndEncryptSummary } from './seal-and-encrypt.js';

const key = await ageKey();
const second = await ageKey();

interface World {
  readonly store: CaseStore;
  readonly home: string;
  readonly caseId: string;
  readonly messages: string[];
  readonly io: Io;
}

async function newWorld(options: { readonly isSecret?: boolean } = {}): Promise<World> {
  const messages: string[] = [];
  const io: Io = { ...quietIo, emit: (code) => messages.push(code) };
  const { store, home } = temporaryStore({ io });
  const { openCase, exhibit } = await newExhibit(store);
  await exhibit.writeOpening(OPENING);
  await collectOne(exhibit, 'web', Buffer.from('a log\n'));
  if (options.isSecret === true) {
    await exhibit.plan(planOf('secrets'));
    const writer = await exhibit.sink.open({ ...draftOf('secrets', 'data/secrets.json'), sensitivity: 'secret' });
    await writer.write(Buffer.from('{}'));
    await writer.commit(factsOf('secrets'));
    await exhibit.outcome(outcomeOf('secrets'));
  }
  await exhibit.close();
  await openCase.release();
  return { store, home, caseId: openCase.file.caseId, messages, io };
}

function depsOf({ store, io }: Pick<World, 'store' | 'io'>): SealAndEncryptDeps {
  return {
    store,
    signer: memorySigner(),
    countersigners: [],
    timestampers: [],
    clock: systemClock,
    io,
    sbom: SBOM,
    signal: new AbortController().signal,
    program: AGE,
    newPassphrase: null,
  };
}

async function requestFor(recipients: readonly string[], keepPlaintext = false): Promise<EncryptionRequest> {
  return { recipients: await readRecipients(recipients), keepPlaintext };
}

async function run(
  world: Pick<World, 'store' | 'io' | 'caseId'>,
  encryption: EncryptionRequest | null,
  overrides: Partial<SealAndEncryptDeps> = {},
): Promise<SealAndEncryptSummary> {
  const deps = { ...depsOf(world), ...overrides };
  return await sealAndEncrypt({ caseId: world.caseId, classification: null, encryption }, deps);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function decrypted(path: string, identity = key.identity): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return await decrypter.decrypt(readFileSync(path));
}

function pathsOf({ home, caseId }: Pick<World, 'home' | 'caseId'>) {
  const directory = join(home, 'cases', caseId);
  const exhibitId = `${caseId}-x0001`;
  const sealed = join(directory, 'sealed');
  return {
    ...sealedPaths(sealed, exhibitId),
    exhibitId,
    sealed,
    spool: join(directory, 'exhibits', exhibitId),
    log: join(directory, 'case.jsonl'),
    custody: join(sealed, `${exhibitId}.custody`),
  };
}

function events(log: string): string[] {
  return [...readFileSync(log, 'latin1').matchAll(/"event":"([a-z-]+)"/g)].map(([, event]) => event ?? '');
}

/** Encrypted, read back, recorded, and nothing of the plaintext left. */
async function expectOnlyEncrypted(world: Pick<World, 'home' | 'caseId'>): Promise<void> {
  const paths = pathsOf(world);
  const receipt = JSON.parse(readFileSync(paths.receipt, 'utf8')) as Record<string, string>;
  expect(sha256(readFileSync(paths.encrypted))).toBe(receipt['encryptedSha256']);
  expect(sha256(await decrypted(paths.encrypted))).toBe(receipt['containerSha256']);
  expect(existsSync(paths.spool)).toBe(false);
  // A file that a killed process was about to put in another's place is never looked at again.
  const left = readdirSync(paths.sealed).filter((name) => !/\.\d+\.new$/.test(name));
  expect(left.sort()).toEqual([
    `${paths.exhibitId}.custody`,
    `${paths.exhibitId}.receipt.json`,
    `${paths.exhibitId}.tar.gz.age`,
  ]);
  expect(readdirSync(paths.custody).filter((name) => name.startsWith('0'))).toEqual([
    '0001-dispose.json',
    '0001-dispose.json.sig',
  ]);
  expect(events(paths.log).filter((event) => event === 'exhibit-encrypted' || event === 'plaintext-removed')).toEqual([
    'exhibit-encrypted',
    'plaintext-removed',
  ]);
}

describe('sealAndEncrypt', () => {
  it('seals, encrypts, puts both digests on the receipt and removes the plaintext with a record', async () => {
    const world = await newWorld();
    const { sealed, encrypted } = await run(world, await requestFor([key.recipient, second.recipient]));
    expect(sealed?.report.verdict).toBe('VERIFIED');
    expect(encrypted).toHaveLength(1);
    expect(encrypted[0]).toMatchObject({ plaintextPath: null, encryptedPath: pathsOf(world).encrypted });
    expect(encrypted[0]?.receipt.containerSha256).toBe(sealed?.receipt.containerSha256);
    await expectOnlyEncrypted(world);
    expect(sha256(await decrypted(pathsOf(world).encrypted, second.identity))).toBe(sealed?.receipt.containerSha256);
    expect(events(pathsOf(world).log)).toEqual([
      'case-opened',
      'exhibit-opened',
      'encryption-asked',
      'exhibit-sealed',
      'exhibit-encrypted',
      'plaintext-removed',
    ]);
    expect(world.messages).not.toContain('ENCRYPT_ONE_RECIPIENT');
    const disposal = readFileSync(join(pathsOf(world).custody, '0001-dispose.json'), 'utf8');
    expect(disposal).toContain('no secure erasure was done and none is claimed');
  });

  it('keeps spool and plaintext when it is told to', async () => {
    const world = await newWorld();
    const { encrypted } = await run(world, await requestFor([key.recipient], true));
    const paths = pathsOf(world);
    expect(encrypted[0]?.plaintextPath).toBe(paths.archive);
    expect(existsSync(paths.spool)).toBe(true);
    expect(sha256(readFileSync(paths.archive))).toBe(sha256(await decrypted(paths.encrypted)));
    expect(existsSync(paths.custody)).toBe(false);
    await expect(run(world, null)).rejects.toMatchObject({ code: 'NOTHING_TO_SEAL' });
  });

  it('warns when one key alone opens it', async () => {
    const world = await newWorld();
    await run(world, await requestFor([key.recipient]));
    expect(world.messages).toContain('ENCRYPT_ONE_RECIPIENT');
  });

  it('warns of secrets that are sealed in plaintext, and encrypts them on a second call', async () => {
    const world = await newWorld({ isSecret: true });
    await run(world, null);
    expect(world.messages).toContain('SEAL_SECRETS_PLAIN');
    const { sealed, encrypted } = await run(world, await requestFor([key.recipient]));
    expect([sealed, encrypted.length]).toEqual([null, 1]);
    await expectOnlyEncrypted(world);
  });

  it('does not warn where nothing is secret, or where it is encrypted', async () => {
    const plain = await newWorld();
    await run(plain, null);
    const encrypted = await newWorld({ isSecret: true });
    await run(encrypted, await requestFor([key.recipient]));
    for (const { messages } of [plain, encrypted]) expect(messages).not.toContain('SEAL_SECRETS_PLAIN');
  });

  it('asks for a passphrase again when the encryption that needed it was broken off', async () => {
    const world = await newWorld();
    await expect(run(world, { recipients: [], keepPlaintext: false })).rejects.toMatchObject({
      code: 'AGE_KEY_INVALID',
      safe: expect.stringContaining('The exhibit is sealed') as string,
    });
    const passphrase = Buffer.from('one two three');
    const newPassphrase = async (): Promise<Buffer> => passphrase;
    const { encrypted } = await run(world, null, { newPassphrase });
    expect(encrypted[0]?.recipients).toEqual([]);
    expect(passphrase.equals(Buffer.alloc(13))).toBe(true);
    const decrypter = new Decrypter();
    decrypter.addPassphrase('one two three');
    const plain = await decrypter.decrypt(readFileSync(pathsOf(world).encrypted));
    expect(sha256(plain)).toBe(encrypted[0]?.receipt.containerSha256);
  }, 120_000);

  it('seals the next exhibit though an earlier one waits for a passphrase, and says so', async () => {
    const world = await newWorld();
    await expect(run(world, { recipients: [], keepPlaintext: false })).rejects.toThrow();
    const openCase = await world.store.open(world.caseId);
    await (await openCase.openExhibit({ kind: 'drill' })).writeOpening(OPENING);
    await openCase.release();
    const { sealed, encrypted } = await run(world, null);
    expect([sealed?.receipt.sequence, encrypted]).toEqual([2, []]);
    expect(world.messages).toContain('ENCRYPT_PENDING');
  });

  it('has nothing to encrypt where the archive was moved away', async () => {
    const world = await newWorld();
    await run(world, null);
    rmSync(pathsOf(world).archive);
    await expect(run(world, await requestFor([key.recipient]))).rejects.toMatchObject({ code: 'NOTHING_TO_SEAL' });
    expect(events(pathsOf(world).log)).not.toContain('encryption-asked');
  });

  it('never encrypts an archive that is no longer what was sealed, and removes nothing', async () => {
    const world = await newWorld();
    await run(world, null);
    const paths = pathsOf(world);
    const bytes = readFileSync(paths.archive);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(paths.archive, bytes);
    await expect(run(world, await requestFor([key.recipient]))).rejects.toMatchObject({ code: 'SEAL_HASH_MISMATCH' });
    expect(readdirSync(paths.sealed).sort()).toEqual([`${paths.exhibitId}.receipt.json`, `${paths.exhibitId}.tar.gz`]);
    expect(existsSync(paths.spool)).toBe(true);
  });

  it('writes over no file that stands in the place of the encrypted archive', async () => {
    const world = await newWorld();
    await run(world, null);
    const { encrypted, archive } = pathsOf(world);
    writeFileSync(encrypted, 'somebody else');
    await expect(run(world, await requestFor([key.recipient]))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readFileSync(encrypted, 'utf8')).toBe('somebody else');
    expect(existsSync(archive)).toBe(true);
  });

  it('removes no plaintext when the encrypted archive changed since it was read back', async () => {
    const world = await newWorld();
    const paths = pathsOf(world);
    const emit = (code: string): void => {
      if (code === 'ENCRYPT_DONE') writeFileSync(paths.encrypted, 'damaged');
    };
    await expect(run({ ...world, io: { ...quietIo, emit } }, await requestFor([key.recipient]))).rejects.toMatchObject({
      code: 'SEAL_HASH_MISMATCH',
    });
    expect([existsSync(paths.archive), existsSync(paths.spool)]).toEqual([true, true]);
  });

  it('stays sealed when it is interrupted, and the next seal ends it', async () => {
    const world = await newWorld();
    const interruption = new AbortController();
    const emit = (code: string): void => {
      if (code === 'ENCRYPT_STARTED') interruption.abort(new ExhibitError('INTERRUPTED', 'SIGINT'));
    };
    await expect(
      run({ ...world, io: { ...quietIo, emit } }, await requestFor([key.recipient]), { signal: interruption.signal }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED', hints: expect.arrayContaining(['exhibit seal']) as string[] });
    expect(existsSync(pathsOf(world).archive)).toBe(true);
    await run(world, null);
    await expectOnlyEncrypted(world);
  });
});

describe('a process that is killed while it encrypts', () => {
  let program: string;
  let template: World;

  beforeAll(async () => {
    program = join(mkdtempSync(join(tmpdir(), 'encrypting-writer-')), 'encrypting-writer.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL('../../test/fakes/encrypting-writer.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    template = await newWorld();
    await run(template, null);
  }, 60_000);

  /** Kills before the n-th change; `false` when there were fewer. */
  function killAt(home: string, n: number): boolean {
    const child = spawnSync(process.execPath, [program, home, key.recipient, String(n)]);
    if (child.status !== null && child.status !== 0) throw new Error(child.stderr.toString());
    return child.signal === 'SIGKILL';
  }

  it('loses nothing before any of its changes to the disk, and the next seal ends it', async () => {
    const sealed = sha256(readFileSync(pathsOf(template).archive));
    const step = isSampled ? 4 : 1;
    let kills = 0;
    for (let n = 1; ; n += step) {
      const home = mkdtempSync(join(tmpdir(), 'exhibit-killed-'));
      // Node.js 22 copies folders without their modes.
      spawnSync('cp', ['-a', `${template.home}/.`, home]);
      const world = { home, caseId: template.caseId, io: quietIo, store: temporaryStore({ home }).store };
      const paths = pathsOf(world);
      const wasKilled = killAt(home, n);
      const isPlainThere = existsSync(paths.archive) && sha256(readFileSync(paths.archive)) === sealed;
      const isEncryptedThere = existsSync(paths.encrypted) && sha256(await decrypted(paths.encrypted)) === sealed;
      expect(isPlainThere || isEncryptedThere, `before change ${String(n)}`).toBe(true);
      const isAsked = events(paths.log).includes('encryption-asked');
      if (!events(paths.log).includes('plaintext-removed'))
        await run(world, isAsked ? null : await requestFor([key.recipient]));
      await expectOnlyEncrypted(world);
      rmSync(home, { recursive: true });
      if (!wasKilled) break;
      kills += 1;
    }
    expect(kills * step).toBeGreaterThan(20);
  }, 300_000);
});
