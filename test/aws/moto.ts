import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hasTool, needs } from '../fakes/stock-tools.js';

export const hasMoto = hasTool('moto_server', ['--help']);
/** For the names of tests: why they are skipped on a machine without it. */
export const needsMoto = needs('moto_server of moto[server,s3,kms]', hasMoto);

/** What the SDK and the program take their credentials from; moto believes every one. */
export const FAKE_ACCOUNT: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_REGION: 'eu-central-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** The port that it says it listens on, which it says once it does. */
async function endpointOf(child: ChildProcess): Promise<string> {
  let said = '';
  return await new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const match = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`moto_server ended: ${said}`)));
  });
}

/** A cloud of one's own on a free port of loopback, empty, until `stop`. */
export async function startMoto(): Promise<Moto> {
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...FAKE_ACCOUNT, PYTHONUNBUFFERED: '1' },
  });
  const endpoint = await endpointOf(child);
  return {
    endpoint,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
