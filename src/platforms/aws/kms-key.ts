import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { GetPublicKeyCommand, type GetPublicKeyCommandOutput, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { ExhibitError } from '../../model/errors.js';
import type { RemoteKey } from '../../ports/remote-key.js';
import { type AwsFailure, awsFailure } from './aws-failure.js';
import { type AwsSettings, clientConfiguration, loginHints } from './client-settings.js';
import { interruptedBy } from './interrupted-by.js';
import { silentConstruction } from './silent-construction.js';

export interface KmsKeyOptions extends AwsSettings {
  /** Key id, `alias/NAME`, or the ARN of either; the region of an ARN counts when none is given. */
  readonly keyId: string;
  readonly signal?: AbortSignal | undefined;
}

const KEY_ID =
  /^(?:arn:aws[a-z-]*:kms:[a-z0-9-]{1,32}:\d{12}:(?:key\/[\w-]{1,128}|alias\/[\w/-]{1,250})|alias\/[\w/-]{1,250}|[\w-]{1,128})$/;
const MAX_MESSAGE_BYTES = 4096;
const MAX_KEY_BYTES = 1024;

interface PublicHalf {
  /** The key itself, whatever alias was named: an alias may point elsewhere by the time of the signature. */
  readonly arn: string;
  readonly spki: Buffer;
  readonly key: KeyObject;
}

/**
 * A key of AWS KMS of the kind ECC_NIST_P256 for SIGN_VERIFY. Needs kms:GetPublicKey and kms:Sign on it, nothing else. Each signature is
 * checked here with the public half before it is given out. Throws `KEY_INVALID` for a name that cannot be a key's and a key of another
 * kind, `SIGNER_UNAVAILABLE` for everything that KMS or the way to it is to blame for, `INTERRUPTED`.
 */
export function createKmsKey(options: KmsKeyOptions): RemoteKey {
  const { keyId } = options;
  if (!KEY_ID.test(keyId))
    throw new ExhibitError('KEY_INVALID', 'a key of AWS KMS is named by its id, its alias or the ARN of one of them', {
      subject: keyId,
      hints: ['aws kms list-aliases'],
    });
  const region = options.region ?? (keyId.startsWith('arn:') ? keyId.split(':')[3] : undefined);
  const client = silentConstruction(() => new KMSClient(clientConfiguration({ ...options, region })));
  const sending = options.signal === undefined ? {} : { abortSignal: options.signal };
  let half: Promise<PublicHalf> | undefined;

  const publicHalf = async (): Promise<PublicHalf> => {
    try {
      const answer = await client.send(new GetPublicKeyCommand({ KeyId: keyId }), sending);
      return checkedHalf(keyId, answer);
    } catch (error) {
      // The next call tries again: a login may have been renewed meanwhile.
      half = undefined;
      throw signerError(error, { options, subject: keyId, permission: 'kms:GetPublicKey' });
    }
  };

  return {
    name: keyId,
    publicKeySpki: async () => (await (half ??= publicHalf())).spki,
    sign: async (message) => {
      if (message.length > MAX_MESSAGE_BYTES)
        throw new ExhibitError('INTERNAL', `AWS KMS signs at most ${MAX_MESSAGE_BYTES} bytes`, { subject: keyId });
      const { arn, key } = await (half ??= publicHalf());
      try {
        const { Signature } = await client.send(
          new SignCommand({
            KeyId: arn,
            Message: message,
            MessageType: 'RAW',
            SigningAlgorithm: 'ECDSA_SHA_256',
          }),
          sending,
        );
        return checkedSignature(Signature, { arn, key, message });
      } catch (error) {
        throw signerError(error, { options, subject: arn, permission: 'kms:Sign' });
      }
    },
  };
}

function checkedHalf(keyId: string, answer: GetPublicKeyCommandOutput): PublicHalf {
  const { KeyId: id = keyId, PublicKey: bytes } = answer;
  const arn = id.startsWith('arn:') || !keyId.includes(':key/') ? id : keyId;
  const spki = bytes === undefined || bytes.length > MAX_KEY_BYTES ? null : Buffer.from(bytes);
  const key = spki === null ? null : parsedKey(spki);
  if (spki === null || key === null)
    throw new ExhibitError('SIGNER_UNAVAILABLE', 'AWS KMS answered with something that is no public key', {
      subject: arn,
    });
  if (!isSigningP256(key, answer))
    throw new ExhibitError('KEY_INVALID', `${kindText(answer)}, not ECC_NIST_P256 for SIGN_VERIFY`, {
      subject: arn,
      hints: ['aws kms create-key --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY'],
    });
  return { arn, spki, key };
}

/** Services that only speak the language of KMS leave the spec out; the curve of the key itself always tells. */
function isSigningP256(key: KeyObject, { KeySpec: spec, KeyUsage: usage }: GetPublicKeyCommandOutput): boolean {
  return (
    key.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
    (spec === undefined || spec === 'ECC_NIST_P256') &&
    usage === 'SIGN_VERIFY'
  );
}

function kindText({ KeySpec: spec, KeyUsage: usage }: GetPublicKeyCommandOutput): string {
  return `the key is of the kind ${spec ?? '(not told)'} for ${usage ?? '(not told)'}`;
}

function parsedKey(spki: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

function checkedSignature(
  signature: Uint8Array | undefined,
  { arn, key, message }: { readonly arn: string; readonly key: KeyObject; readonly message: Uint8Array },
): Buffer {
  if (signature !== undefined && verify('sha256', message, key, signature)) return Buffer.from(signature);
  throw new ExhibitError('SIGNER_UNAVAILABLE', 'the signature that AWS KMS made is not by the key that it showed', {
    subject: arn,
  });
}

interface Refused {
  readonly options: KmsKeyOptions;
  readonly subject: string;
  readonly permission: string;
}

function signerError(error: unknown, { options, subject, permission }: Refused): ExhibitError {
  if (error instanceof ExhibitError) return error;
  const failure = awsFailure(error);
  if (failure.kind === 'aborted') return interruptedBy(options.signal, subject);
  const { text, hints } = explained(failure, { options, subject, permission });
  const request = failure.requestId === null ? '' : `, request ${failure.requestId}`;
  return new ExhibitError('SIGNER_UNAVAILABLE', `${text} (${failure.name}${request})`, {
    subject,
    hints,
    retryable: failure.kind === 'throttled' || failure.kind === 'unreachable',
    cause: failure.cause,
  });
}

function stateText(failure: AwsFailure): string {
  if (failure.name === 'DisabledException') return 'the key is disabled';
  if (failure.name === 'KMSInvalidStateException') return 'the key is in a state that allows no signature';
  if (failure.name === 'NotFoundException') return 'AWS KMS knows no such key in this account and region';
  return 'AWS KMS refuses';
}

function explained(
  failure: AwsFailure,
  { options, subject, permission }: Refused,
): { readonly text: string; readonly hints: readonly string[] } {
  const login = loginHints(options);
  const look = `aws kms describe-key --key-id ${subject}`;
  switch (failure.kind) {
    case 'denied':
      return { text: `AWS does not allow ${permission} on this key`, hints: [...login.slice(1), look] };
    case 'credentials':
      return { text: 'AWS accepts no credentials of ours: there are none, or they have expired', hints: login };
    case 'configuration':
      return { text: 'the AWS configuration names no region or no such profile', hints: ['aws configure list'] };
    case 'clock':
      return { text: "AWS refuses because this machine's clock is wrong", hints: ['timedatectl'] };
    case 'throttled':
      return { text: 'AWS KMS asks to slow down, and kept asking', hints: [look] };
    case 'unreachable':
      return { text: 'AWS KMS cannot be reached', hints: [look] };
    case 'aborted':
    case 'missing':
    case 'refused':
      return { text: stateText(failure), hints: [look] };
  }
}
