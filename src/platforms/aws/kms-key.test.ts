import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKmsKey } from './kms-key.js';

const ARN = 'arn:aws:kms:eu-central-1:123456789012:key/0b1c2d3e-0000-4000-8000-000000000001';
const SECRET = 'a-secret-access-key-of-forty-characters0';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Answer {
  readonly status?: number;
  readonly body: Readonly<Record<string, unknown>> | string;
}

/** A KMS that answers each operation as it is told; without a word for it, as a good one. */
class FakeKms {
  readonly asked: { readonly operation: string; readonly body: Record<string, unknown> }[] = [];
  readonly answers = new Map<string, Answer>();
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      this.asked.push({ operation, body });
      const { status = 200, body: answer } = this.answers.get(operation) ?? this.#good(operation, body);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #good(operation: string, body: Record<string, unknown>): Answer {
    if (operation === 'GetPublicKey')
      return { body: publicHalf(pair.publicKey.export({ format: 'der', type: 'spki' })) };
    const message = Buffer.from(String(body['Message']), 'base64');
    return { body: { KeyId: ARN, Signature: sign('sha256', message, pair.privateKey).toString('base64') } };
  }
}

function publicHalf(spki: Buffer, fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    KeyId: ARN,
    KeySpec: 'ECC_NIST_P256',
    KeyUsage: 'SIGN_VERIFY',
    SigningAlgorithms: ['ECDSA_SHA_256'],
    PublicKey: spki.toString('base64'),
    ...fields,
  };
}

const failing = (name: string, status = 400): Answer => ({ status, body: { __type: name, message: `no ${SECRET}` } });

let kms: FakeKms;
let endpoint: string;

beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET);
  kms = new FakeKms();
  endpoint = await kms.start();
});
afterEach(() => kms.stop());

const keyOf = (keyId = ARN, variables: Readonly<Record<string, string>> = {}) =>
  createKmsKey({ keyId, endpoint, region: 'eu-central-1', variables, attempts: 1 });

describe('a key of AWS KMS', () => {
  it('asks once for the public half, and has the bare message signed by the key that answered, whatever alias was named', async () => {
    const key = keyOf('alias/seal');
    await key.publicKeySpki();
    await key.sign(Buffer.from('one'));
    await key.sign(Buffer.from('two'));
    expect(kms.asked).toEqual([
      { operation: 'GetPublicKey', body: { KeyId: 'alias/seal' } },
      ...['one', 'two'].map((text) => ({
        operation: 'Sign',
        body: {
          KeyId: ARN,
          Message: Buffer.from(text).toString('base64'),
          MessageType: 'RAW',
          SigningAlgorithm: 'ECDSA_SHA_256',
        },
      })),
    ]);
  });

  it.each([
    ['Sign', 'AccessDeniedException', 'does not allow kms:Sign'],
    ['GetPublicKey', 'AccessDeniedException', 'does not allow kms:GetPublicKey'],
    ['Sign', 'DisabledException', 'the key is disabled'],
    ['Sign', 'KMSInvalidStateException', 'allows no signature'],
    ['GetPublicKey', 'NotFoundException', 'knows no such key'],
    ['Sign', 'ThrottlingException', 'asks to slow down'],
    ['Sign', 'ExpiredTokenException', 'have expired'],
    ['Sign', 'InvalidSignatureException', 'accepts no credentials'],
    ['Sign', 'KMSInternalException', 'cannot be reached'],
  ])('%s answered with %s: %s; the key is named, the credentials are not', async (operation, name, text) => {
    kms.answers.set(operation, failing(name));
    const error: unknown = await keyOf()
      .sign(Buffer.from('x'))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      exitCode: 20,
      subject: ARN,
      message: expect.stringContaining(text) as string,
    });
    const { message, cause } = error as Error;
    expect(`${message} ${String(cause)} ${JSON.stringify(error)}`).not.toMatch(/AKIA|secret-access/);
  });

  it('that was refused once works as soon as it is allowed', async () => {
    kms.answers.set('GetPublicKey', failing('ExpiredTokenException'));
    const key = keyOf();
    await expect(key.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    kms.answers.clear();
    expect((await key.sign(Buffer.from('x'))).length).toBeGreaterThan(60);
  });

  it('names the login of the profile in use', async () => {
    kms.answers.set('GetPublicKey', failing('ExpiredTokenException'));
    await expect(keyOf(ARN, { AWS_PROFILE: 'forensics' }).publicKeySpki()).rejects.toMatchObject({
      hints: ['aws sso login --profile forensics', 'aws sts get-caller-identity --profile forensics'],
    });
  });

  it('is unavailable when nobody listens and when something else answers', async () => {
    kms.answers.set('GetPublicKey', { body: '<html>Log in to the network</html>' });
    await expect(keyOf().publicKeySpki()).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE', retryable: true });
    await kms.stop();
    await expect(keyOf().publicKeySpki()).rejects.toMatchObject({
      code: 'SIGNER_UNAVAILABLE',
      message: expect.stringContaining('cannot be reached (ECONNREFUSED') as string,
    });
    await kms.start();
  });

  it('whose signature is not by the key that it showed is not believed', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const signature = sign('sha256', Buffer.from('x'), other).toString('base64');
    for (const body of [{ KeyId: ARN, Signature: signature }, { KeyId: ARN }, { KeyId: ARN, Signature: 'AAAA' }]) {
      kms.answers.set('Sign', { body });
      await expect(keyOf().sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    }
  });

  it.each([
    ['another curve', () => publicHalf(spkiOf('P-384'))],
    ['the curve of coins', () => publicHalf(spkiOf('secp256k1'))],
    ['another spec', () => publicHalf(spkiOf('P-256'), { KeySpec: 'ECC_SECG_P256K1' })],
    ['another use', () => publicHalf(spkiOf('P-256'), { KeyUsage: 'KEY_AGREEMENT' })],
  ])('of %s is refused as KEY_INVALID', async (_, body) => {
    kms.answers.set('GetPublicKey', { body: body() });
    await expect(keyOf().publicKeySpki()).rejects.toMatchObject({ code: 'KEY_INVALID', subject: ARN });
  });

  it('that is no key at all is unavailable', async () => {
    for (const PublicKey of ['AAAA', Buffer.alloc(5000).toString('base64'), undefined]) {
      kms.answers.set('GetPublicKey', { body: publicHalf(Buffer.alloc(0), { PublicKey }) });
      await expect(keyOf().publicKeySpki()).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
    }
  });

  it.each(['', 'alias/', 'a b', '../x', 'arn:aws:s3:::bucket', `alias/${'x'.repeat(300)}`, 'key\n'])(
    'is not named %j, and nothing is asked',
    (keyId) => {
      expect(() => keyOf(keyId)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
      expect(kms.asked).toEqual([]);
    },
  );

  it('is not asked to sign more than KMS takes', async () => {
    await expect(keyOf().sign(Buffer.alloc(4097))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await keyOf().sign(Buffer.alloc(4096))).length).toBeGreaterThan(60);
  });

  it('says that it was interrupted when it was', async () => {
    const controller = new AbortController();
    controller.abort();
    const key = createKmsKey({ keyId: ARN, endpoint, variables: {}, signal: controller.signal });
    await expect(key.publicKeySpki()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

function spkiOf(namedCurve: string): Buffer {
  return generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'der', type: 'spki' });
}
