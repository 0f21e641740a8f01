import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/start-sandbox.js';

/** A plain client of node:https, so that the sandbox is judged by another hand than ours. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** The message ended as its framing says. */
  readonly complete: boolean;
}

export interface RawQuestion {
  readonly path: string;
  readonly method?: string;
  readonly accept?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly send?: string | undefined;
  /** No client certificate. */
  readonly anonymous?: boolean;
}

export interface SandboxUnderTest extends Sandbox {
  readonly directory: string;
  ask(question: RawQuestion | string): Promise<RawAnswer>;
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Record<string, string> }];
  readonly users: readonly [{ readonly user: Record<string, string> }];
}

function agentOf(kubeconfigPath: string, anonymous: boolean): https.Agent {
  const config = JSON.parse(readFileSync(kubeconfigPath, 'utf8')) as Kubeconfig;
  const pem = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
  const user = config.users[0].user;
  const ca = pem(config.clusters[0].cluster['certificate-authority-data']);
  if (anonymous) return new https.Agent({ ca, keepAlive: true });
  return new https.Agent({
    ca,
    keepAlive: true,
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  });
}

async function call(server: string, agent: https.Agent, question: RawQuestion): Promise<RawAnswer> {
  const { method = 'GET', accept = 'application/json', headers = {}, send } = question;
  const fields = { 'Accept': accept, 'User-Agent': 'record-scenario', ...headers };
  return await new Promise((resolve, reject) => {
    const request = https.request(server + question.path, { method, agent, headers: fields }, (response) => {
      const chunks: Buffer[] = [];
      const done = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks),
          complete: response.complete,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', done);
      response.on('end', done);
    });
    request.on('error', reject);
    if (send !== undefined) request.setHeader('Content-Type', 'application/json');
    request.end(send);
  });
}

/** A running sandbox in a folder of its own, with a client. `stop` removes both. */
export async function openSandbox(
  options: Omit<SandboxOptions, 'directory' | 'clock' | 'ids'> = {},
): Promise<SandboxUnderTest> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'exhibit-sandbox-'));
  const sandbox = await startSandbox({ directory, clock: systemClock, ids: systemIds, ...options });
  const agents = [agentOf(sandbox.kubeconfigPath, false), agentOf(sandbox.kubeconfigPath, true)] as const;
  return {
    ...sandbox,
    directory,
    ask: async (question) => {
      const asked = typeof question === 'string' ? { path: question } : question;
      return await call(sandbox.server, agents[asked.anonymous === true ? 1 : 0], asked);
    },
    stop: async () => {
      for (const agent of agents) agent.destroy();
      await sandbox.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
