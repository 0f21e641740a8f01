import { createPublicKey, verify } from 'node:crypto';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKmsKey } from '../../src/platforms/aws/kms-key.js';
import { silentConstruction } from '../../src/platforms/aws/silent-construction.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

describe.skipIf(!hasMoto)(`a signing key in the KMS of moto${needsMoto}`, () => {
  let moto: Moto;
  let kms: KMSClient;

  beforeAll(async () => {
    moto = await startMoto();
    kms = silentConstruction(
      () =>
        new KMSClient({
          endpoint: moto.endpoint,
          region: 'eu-central-1',
          credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
        }),
    );
  });
  afterAll(async () => {
    kms.destroy();
    await moto.stop();
  });
  beforeEach(() => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
  });

  const newKey = async (spec: 'ECC_NIST_P256' | 'ECC_NIST_P384' | 'RSA_2048' = 'ECC_NIST_P256'): Promise<string> => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' }));
    return KeyMetadata!.Arn!;
  };
  const keyOf = (keyId: string) => createKmsKey({ keyId, endpoint: moto.endpoint, variables: FAKE_ACCOUNT });

  it('signs so that its public half verifies the signature with node:crypto, and only over these bytes', async () => {
    const key = keyOf(await newKey());
    const message = Buffer.from('SSHSIG and a hundred bytes more '.repeat(4));
    const signature = await key.sign(message);
    const spki = createPublicKey({ key: await key.publicKeySpki(), format: 'der', type: 'spki' });
    expect(spki.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(verify('sha256', message, spki, signature)).toBe(true);
    expect(verify('sha256', Buffer.concat([message, Buffer.of(0)]), spki, signature)).toBe(false);
  });

  it('is found by its id and by an alias, too', async () => {
    const arn = await newKey();
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/seal', TargetKeyId: arn }));
    const spki = await keyOf(arn).publicKeySpki();
    expect(await keyOf('alias/seal').publicKeySpki()).toEqual(spki);
    expect(await keyOf(arn.split('/').at(-1)!).publicKeySpki()).toEqual(spki);
  });

  it.each(['ECC_NIST_P384', 'RSA_2048'] as const)(
    'of the kind %s is refused, with the kind that is needed',
    async (spec) => {
      const arn = await newKey(spec);
      await expect(keyOf(arn).publicKeySpki()).rejects.toMatchObject({
        code: 'KEY_INVALID',
        subject: arn,
        message: expect.stringContaining('for SIGN_VERIFY, not ECC_NIST_P256') as string,
      });
    },
  );

  it('that does not exist is unavailable, and the error names it', async () => {
    const missing = 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000';
    await expect(keyOf(missing).sign(Buffer.from('x'))).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      exitCode: 20,
      subject: missing,
      message: expect.stringContaining('knows no such key') as string,
    });
  });
});
