import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentConstruction } from '../../src/platforms/aws/silent-construction.js';
import { type Ended, User } from '../e2e/exhibit.js';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../fakes/archive-builder.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';
import { Bucket } from './bucket.js';
import { FaultProxy } from './fault-proxy.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const hasSshKeygen = hasTool('ssh-keygen', ['-?']);
const MIB = 1024 * 1024;

/** Three parts of the program's 16 MiB; random, so that it does not become smaller. */
const { privateKey } = generateKeyPairSync('ed25519');
const LARGE_NAME = 'case-abcd-x0001.tar.gz';
const largeArchive = (): Buffer =>
  gzipOf(
    packBag(
      sealedBag(privateKey, {
        payload: [
          { path: 'data/pods/shop/web-1.4f3a9c21/app/current.log', bytes: randomBytes(40 * MIB), artifact: 'log/a' },
        ],
      }),
    ),
  );

describe.skipIf(!hasMoto)(`exhibit with AWS${needsMoto}`, () => {
  let moto: Moto;
  let bucket: Bucket;
  let user: User;

  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    bucket = await new Bucket(moto.endpoint).create({ lockable: true });
    user = new User();
    Object.assign(user.environment, FAKE_ACCOUNT, { AWS_ENDPOINT_URL: moto.endpoint });
  });
  afterEach(() => {
    user.remove();
  });

  /** Nothing that the user did not ask for: neither a notice of the SDK nor a secret. */
  const expectPlain = ({ stdout, stderr }: Ended): void => {
    expect(stderr).not.toMatch(/Warning|node:|deprecat/i);
    expect(stdout + stderr).not.toContain('SECRET');
  };

  async function drilled(): Promise<{
    readonly archivePath: string;
    readonly exhibitId: string;
    readonly receiptPath: string;
  }> {
    const { document, exitCode, stderr } = await user.json('drill', 'run', '--sandbox');
    expect(exitCode, stderr).toBe(0);
    const { archivePath, receiptPath, scorecard } = document as {
      archivePath: string;
      receiptPath: string;
      scorecard: { exhibitId: string };
    };
    return { archivePath, receiptPath, exhibitId: scorecard.exhibitId };
  }

  it('brings a drill into a locked bucket and out of it again, verified at both ends', async () => {
    const { archivePath, exhibitId, receiptPath } = await drilled();
    const url = `s3://${bucket.name}/2026`;

    const refused = await user.run('push', exhibitId, url);
    expect(refused).toMatchObject({ exitCode: 5, stdout: '' });
    expect(refused.stderr).toContain('PLAINTEXT_REFUSED');
    expect(await bucket.contents()).toEqual([]);

    const lock = ['--object-lock', 'governance', '--retain-until', '2099-12-31', '--legal-hold'];
    const pushed = await user.json('push', exhibitId, url, '--plaintext', ...lock);
    expect(pushed.exitCode, pushed.stderr).toBe(0);
    expectPlain(pushed);
    expect(pushed.document).toMatchObject({
      exhibitId,
      archive: archivePath,
      verdict: 'VERIFIED',
      lock: { retention: { mode: 'governance', untilAt: '2099-12-31T00:00:00.000Z' }, legalHold: true },
    });
    expect((await bucket.contents('2026/')).sort()).toEqual(
      [`${exhibitId}.tar.gz`, `${exhibitId}.custody/0001-copy.json`, `${exhibitId}.custody/0001-copy.json.sig`].sort(),
    );
    expect((await user.run('custody', 'verify', archivePath)).exitCode).toBe(0);

    const pulled = await user.json(
      ...['pull', `${url}/${exhibitId}.tar.gz`, '--output', 'incoming', '--receipt', receiptPath],
    );
    expect(pulled.exitCode, pulled.stderr).toBe(0);
    expectPlain(pulled);
    expect(pulled.document).toMatchObject({
      digestOfSource: 'matches',
      digestOfReceipt: 'matches',
      report: { verdict: 'VERIFIED' },
    });
    expect(
      readFileSync(join(user.directory, 'incoming', `${exhibitId}.tar.gz`)).equals(readFileSync(archivePath)),
    ).toBe(true);

    const again = await user.run('pull', `${url}/${exhibitId}.tar.gz`, '--output', 'incoming');
    expect(again).toMatchObject({ exitCode: 5, stdout: '' });
  });

  it('notices that an object was replaced together with its digest, by the receipt alone', async () => {
    const { exhibitId, receiptPath } = await drilled();
    await user.run('push', exhibitId, `s3://${bucket.name}`, '--plaintext', '--no-custody');
    const url = `s3://${bucket.name}/${exhibitId}.tar.gz`;
    await bucket.overwrite(`${exhibitId}.tar.gz`, largeArchive());
    const pulled = await user.run('pull', url, '--output', 'incoming', '--receipt', receiptPath);
    expect(pulled).toMatchObject({ exitCode: 4, stdout: '' });
    expect(pulled.stderr).toContain('the receipt is of another archive');
    expect(readdirSync(join(user.directory, 'incoming'))).toEqual([]);
  });

  describe('with an upload of several parts', () => {
    let proxy: FaultProxy;
    let push: readonly string[];

    beforeEach(async () => {
      proxy = new FaultProxy(moto.endpoint);
      user.environment['AWS_ENDPOINT_URL'] = await proxy.start();
      mkdirSync(join(user.directory, 'evidence'));
      writeFileSync(join(user.directory, 'evidence', LARGE_NAME), largeArchive());
      writeFileSync(join(user.directory, 'trusted'), allowedSignersOf(privateKey));
      push = [
        'push',
        `evidence/${LARGE_NAME}`,
        `s3://${bucket.name}/x`,
        '--allowed-signers',
        'trusted',
        '--no-custody',
      ];
    });
    afterEach(() => proxy.stop());

    /** A push that has two of three parts there and waits for the answer to the third. In an object: the child itself is a promise. */
    async function stuck(): Promise<{ readonly child: ReturnType<User['start']> }> {
      let there = 0;
      let onStuck: () => void = () => undefined;
      const isStuck = new Promise<void>((resolve) => (onStuck = resolve));
      proxy.decide = ({ method, url }) => {
        if (method !== 'PUT') return null;
        if (url.includes('partNumber=3')) return { kind: 'silence' };
        there += 1;
        if (there === 2) setImmediate(onStuck);
        return null;
      };
      const child = user.start(...push);
      await isStuck;
      // Both are in moto once it lists them.
      for (;;) {
        const parts = await bucket.parts(`x/${LARGE_NAME}`);
        const journal = readdirSync(join(user.home, 'uploads')).map((name) =>
          readFileSync(join(user.home, 'uploads', name), 'utf8'),
        );
        if (parts === 2 && journal.join('').split('\n').length === 4) return { child };
      }
    }

    it('that was killed goes on where it stopped', async () => {
      const { child } = await stuck();
      child.kill('SIGKILL');
      await child;
      proxy.decide = () => null;
      proxy.asked.length = 0;
      const again = await user.run(...push);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(again.stderr).toContain('an earlier upload is gone on with');
      expect(proxy.count('PUT', /partNumber=/)).toBe(1);
      expectPlain(again);
      expect(await bucket.contents('x/')).toEqual([LARGE_NAME]);
    });

    it('that was interrupted says how to go on, and --abort removes it', async () => {
      const { child } = await stuck();
      child.kill('SIGINT');
      const ended = await child;
      expect(ended.exitCode, ended.stderr).toBe(130);
      expect(ended.stderr).toContain(`exhibit ${push.join(' ')}`);
      expect(await bucket.contents('x/')).toEqual([`${LARGE_NAME} (unfinished)`]);
      const aborted = await user.json(...push.slice(0, 3), '--abort');
      expect(aborted).toMatchObject({ exitCode: 0, document: { removed: 1 } });
      expect(await bucket.contents()).toEqual([]);
    });

    it('that the store refuses says what is safe and how to go on', async () => {
      proxy.decide = ({ method, url }) =>
        method === 'PUT' && url.includes('partNumber=2') ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null;
      const ended = await user.run(...push);
      expect(ended).toMatchObject({ exitCode: 20, stdout: '' });
      expect(ended.stderr).toContain('does not allow s3:PutObject');
      expect(ended.stderr).toContain(`exhibit ${push.join(' ')}`);
      expect(ended.stderr).toContain('parts that were stored are not sent again');
      expectPlain(ended);
    });
  });

  it.skipIf(!hasSshKeygen)(
    `seals with a key of KMS, which stock ssh-keygen verifies${needs('ssh-keygen', hasSshKeygen)}`,
    async () => {
      const kms = silentConstruction(
        () =>
          new KMSClient({
            endpoint: moto.endpoint,
            region: 'eu-central-1',
            credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
          }),
      );
      const { KeyMetadata: made } = await kms.send(
        new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
      );
      await kms.send(new CreateAliasCommand({ AliasName: 'alias/seal', TargetKeyId: made!.KeyId }));
      kms.destroy();
      const sandbox = await user.sandbox();
      try {
        await user.run('case', 'open', '--reason', 'a test', '--authority', 'the tester');
        await user.run(
          'collect',
          '--kubeconfig',
          sandbox.kubeconfigPath,
          '--context',
          'sandbox',
          '--namespace',
          'shop',
        );
        const sealed = await user.json('seal', '--key', 'awskms:alias/seal');
        expect([0, 3], sealed.stderr).toContain(sealed.exitCode);
        expectPlain(sealed);
        const { archivePath } = sealed.document as { archivePath: string };
        const work = join(user.directory, 'stock');
        mkdirSync(work);
        expect(runTool('tar', ['xzf', archivePath, '--strip-components=1'], { cwd: work }).status).toBe(0);
        const signer = readFileSync(join(work, 'seal/signer.pub'), 'utf8');
        expect(signer).toMatch(/^ecdsa-sha2-nistp256 /);
        writeFileSync(join(work, 'trusted'), `kms namespaces="exhibit-seal@v1" ${signer}`);
        const verify = ['-Y', 'verify', '-f', 'trusted', '-I', 'kms', '-n', 'exhibit-seal@v1'];
        const stock = runTool('ssh-keygen', [...verify, '-s', 'seal/tagmanifest-sha256.txt.sig'], {
          cwd: work,
          input: readFileSync(join(work, 'tagmanifest-sha256.txt')),
        });
        expect(stock, stock.stderr).toMatchObject({ status: 0 });
        const verified = await user.run('verify', archivePath, '--allowed-signers', join(work, 'trusted'));
        expect(verified.exitCode, verified.stdout + verified.stderr).toBe(0);
      } finally {
        await sandbox.stop();
      }
    },
  );
});
