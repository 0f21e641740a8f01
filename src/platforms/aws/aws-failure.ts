import { errnoOf } from '../../model/errors.js';

/** `refused` is whatever the service says no to and no other kind names. */
export type AwsFailureKind =
  | 'aborted'
  | 'clock'
  | 'configuration'
  | 'credentials'
  | 'denied'
  | 'missing'
  | 'refused'
  | 'throttled'
  | 'unreachable';

/** What an SDK error says, without anything that could be a credential. */
export interface AwsFailure {
  readonly kind: AwsFailureKind;
  /** The service's or the system's name for it: letters, digits, dots; at most 64. */
  readonly name: string;
  readonly status: number | null;
  readonly requestId: string | null;
  /** Name and message with keys of the caller taken out; the SDK's own error holds the whole signed request. */
  readonly cause: Error;
}

const CREDENTIALS = new Set([
  'AuthFailure',
  'AuthorizationHeaderMalformed',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'InvalidToken',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'AllAccessDisabled', 'Forbidden', 'KMSAccessDenied']);
const CLOCK = new Set(['RequestInTheFuture', 'RequestTimeTooSkewed']);
const THROTTLED = new Set([
  'EC2ThrottledException',
  'LimitExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);
const UNREACHABLE = new Set([
  'AbortedByTimeout',
  'DependencyTimeoutException',
  'InternalError',
  'KMSInternalException',
  'KeyUnavailableException',
  'RequestTimeout',
  'ServiceUnavailable',
  // What answered does not speak the language of AWS: a proxy, a portal.
  'SyntaxError',
  'TimeoutError',
]);
const NETWORK =
  /^(E(AI_AGAIN|CONN[A-Z]+|HOSTUNREACH|NETUNREACH|NETDOWN|NOTFOUND|PIPE|PROTO|TIMEDOUT)|ERR_(SSL|TLS)_\w+|CERT_\w+|(DEPTH_ZERO_)?SELF_SIGNED\w+|UNABLE_TO_\w+)$/;

const ACCESS_KEY = /\b(?:A[A-Z0-9]{3})[A-Z0-9]{12,124}\b/g;
const LONG_SECRET = /[A-Za-z0-9+/=_-]{40,}/g;
const MAX_MESSAGE = 300;

function textAt(error: object, key: string): string | null {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' && value !== '' ? value : null;
}

function metadataOf(error: object): { readonly status: number | null; readonly requestId: string | null } {
  const metadata: unknown = Reflect.get(error, '$metadata');
  if (typeof metadata !== 'object' || metadata === null) return { status: null, requestId: null };
  const status: unknown = Reflect.get(metadata, 'httpStatusCode');
  const requestId = textAt(metadata, 'requestId');
  return {
    status: typeof status === 'number' ? status : null,
    requestId: requestId !== null && /^[\w-]{1,128}$/.test(requestId) ? requestId : null,
  };
}

function byName(name: string): AwsFailureKind | null {
  if (CREDENTIALS.has(name)) return 'credentials';
  if (DENIED.has(name)) return 'denied';
  if (CLOCK.has(name)) return 'clock';
  if (THROTTLED.has(name)) return 'throttled';
  if (UNREACHABLE.has(name) || NETWORK.test(name)) return 'unreachable';
  return null;
}

function byStatus(status: number | null): AwsFailureKind {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'missing';
  if (status === 429) return 'throttled';
  return status !== null && status >= 500 ? 'unreachable' : 'refused';
}

function kindOf(error: Error, { name, status }: { name: string; status: number | null }): AwsFailureKind {
  if (error.name === 'AbortError') return 'aborted';
  const kind = byName(name);
  if (kind !== null) return kind;
  if (status !== null) return byStatus(status);
  if (/region is missing|could not be found in (?:the )?shared|profile .* could not be found/i.test(error.message))
    return 'configuration';
  return /credential|\bMFA\b|multi-factor|\bSSO\b|token (?:is|has) expired/i.test(error.message)
    ? 'credentials'
    : 'refused';
}

function cleaned(message: string): string {
  return message.replace(ACCESS_KEY, '[access key]').replace(LONG_SECRET, '[removed]').slice(0, MAX_MESSAGE);
}

/** Whatever an SDK client threw, sorted. Never throws; hostile names and messages are bounded. */
export function awsFailure(thrown: unknown): AwsFailure {
  const error = thrown instanceof Error ? thrown : new Error('something that is no error was thrown');
  const { status, requestId } = metadataOf(error);
  const said = textAt(error, 'Code') ?? (error.name === 'Error' ? (errnoOf(error) ?? 'Error') : error.name);
  const errno = errnoOf(error);
  const raw = errno !== undefined && NETWORK.test(errno) ? errno : said;
  const name = /^[A-Za-z0-9_.]{1,64}$/.test(raw) ? raw : 'UnknownError';
  return {
    kind: kindOf(error, { name, status }),
    name,
    status,
    requestId,
    cause: new Error(`${name}: ${cleaned(error.message)}`),
  };
}
