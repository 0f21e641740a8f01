export interface AssumedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** How a client of AWS is made. Credentials come from where the AWS command line takes them; they never pass through our hands. */
export interface AwsSettings {
  /** Default: as the AWS command line finds it. */
  readonly region?: string | undefined;
  /** Another address of the service, as of a gateway, a private endpoint or a store that only speaks its language. */
  readonly endpoint?: string | undefined;
  /** Of the process: AWS_PROFILE is named in hints, AWS_ENDPOINT_URL* decide the addressing of buckets. Never logged. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Of a role of another account; default: as the AWS command line finds them. */
  readonly credentials?: () => Promise<AssumedCredentials>;
  /** Attempts of one request, with growing pauses between them; default 5. */
  readonly attempts?: number;
  /** Silence on a connection after which a request counts as dead; default 60,000. */
  readonly idleTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
const ATTEMPTS = 5;
const MAX_SOCKETS = 16;

/** The part of a client's configuration that all services share. */
export function clientConfiguration(settings: AwsSettings) {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  return {
    ...(settings.region === undefined ? {} : { region: settings.region }),
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    maxAttempts: settings.attempts ?? ATTEMPTS,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: settings.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}

const PROFILE = /^[\w.@/+-]{1,128}$/;

/** Commands that get working credentials, most likely first. */
export function loginHints({ variables }: AwsSettings): readonly string[] {
  const profile = variables['AWS_PROFILE'];
  const option = profile !== undefined && PROFILE.test(profile) ? ` --profile ${profile}` : '';
  return [`aws sso login${option}`, `aws sts get-caller-identity${option}`];
}
