import { once } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { toHttpDate } from '../lib/clock.js';
import type { Clock, Ids } from '../ports/clock.js';
import { type Answer, pageNotFound } from './answer.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { type CallFault, type Fault, FaultBook, isExecFault, isTransportFault } from './fault.js';
import { readCall, readHead } from './read-call.js';
import { Router } from './route.js';
import { loadScenario, type Scenario } from './scenario.js';
import { sendAnswer } from './send-answer.js';
import { type ExecPlay, type UpgradeRequest, UpgradeServer } from './upgrade-server.js';
import { spoilAnswer } from './spoil-answer.js';
import { writeKubeconfig } from './write-kubeconfig.js';

export interface SandboxOptions {
  /** Gets kubeconfig, CA and token; made with mode 0700 when it is not there. */
  readonly directory: string;
  /** Folder of a recorded scenario, or the name of one that comes with the program. */
  readonly scenario?: string;
  readonly faults?: readonly Fault[];
  /** Plays execs that were not recorded; `null` = this one neither. */
  readonly exec?: ExecPlay;
  /** What the identity may, in the place of what was recorded. */
  readonly rules?: Scenario['rules'];
  readonly clock: Clock;
  readonly ids: Ids;
}

/** One request as it arrived, answered or not. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly auditId: string | null;
  /** Numbers connections from 1, so that reuse can be seen. */
  readonly connection: number;
  readonly accept: string;
  readonly userAgent: string;
  /** Status that was on its way, `null` while no head was sent. */
  readonly status: number | null;
}

export interface Sandbox {
  readonly kubeconfigPath: string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  requests(): readonly SeenRequest[];
  /** Replaces all faults; a changed certificate is shown on new connections. */
  setFaults(faults: readonly Fault[]): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  readonly scenario: Scenario;
  readonly router: Router;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly certificates: Certificates;
  readonly token: string;
  readonly seen: { -readonly [K in keyof SeenRequest]: SeenRequest[K] }[];
  readonly connections: WeakMap<object, number>;
  readonly upgrades: UpgradeServer;
  faults: FaultBook;
}

type Entry = Running['seen'][number];

function noteRequest(running: Running, request: IncomingMessage): Entry {
  const { method = '', url: target = '/', headers } = request;
  const { accept = '', 'user-agent': userAgent = '', 'audit-id': given } = headers;
  const auditId = typeof given === 'string' && given !== '' ? given : null;
  const connection = running.connections.get(request.socket) ?? 0;
  const entry: Entry = { method, target, auditId, connection, accept, userAgent, status: null };
  running.seen.push(entry);
  return entry;
}

/** Faults of an answer, in order, over what the recorded cluster would have said. */
function spoilt(
  running: Running,
  answer: Answer,
  { faults, target }: { readonly faults: readonly CallFault[]; readonly target: string },
): Answer {
  const { flow } = running.scenario;
  return faults.reduce(
    (sofar, fault) =>
      isTransportFault(fault) || isExecFault(fault) ? sofar : spoilAnswer(sofar, fault, { target, flow }),
    answer,
  );
}

interface Answering {
  /** Told the status in the end. */
  entry: Entry;
  readonly response: ServerResponse;
  readonly answer: Answer;
  readonly faults: readonly CallFault[];
}

async function respond(running: Running, answering: Answering): Promise<void> {
  const { entry, response, answer, faults } = answering;
  const { clock, ids } = running;
  const sent = spoilt(running, answer, { faults, target: entry.target });
  const transport = faults.find(isTransportFault);
  if (transport?.kind !== 'no-answer' && transport?.kind !== 'reset') entry.status = sent.status;
  const ownHeaders = [
    ['Audit-Id', entry.auditId ?? ids.uuid()],
    ['Date', toHttpDate(clock.nowMs())],
  ] as const;
  response.sendDate = false;
  await sendAnswer({ response, answer: sent, ownHeaders }, transport);
}

async function answerCall(running: Running, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const entry = noteRequest(running, request);
  const faults = running.faults.take(entry.method, entry.target);
  const call = await readCall(request, running.token);
  // A refusal comes before anything is done; a failure may come after.
  const refused = faults.some((fault) => fault.kind === 'status' && fault.status < 500);
  const answer = refused ? pageNotFound([]) : running.router.answer(call);
  await respond(running, { entry, response, answer, faults });
}

async function answerUpgrade(running: Running, upgrade: UpgradeRequest): Promise<void> {
  const { request, socket } = upgrade;
  running.upgrades.track(socket);
  const entry = noteRequest(running, request);
  const faults = running.faults.take(entry.method, entry.target);
  const wanted = running.router.upgrade(readHead(request, running.token));
  if ('call' in wanted && faults.every(isExecFault)) {
    entry.status = 101;
    running.upgrades.accept(upgrade, wanted, faults[0]);
    return;
  }
  const response = new ServerResponse(request);
  response.on('finish', () => socket.end());
  response.assignSocket(socket);
  const answer = 'call' in wanted ? pageNotFound([]) : wanted;
  await respond(running, { entry, response, answer, faults });
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function countConnections(server: Server, running: Running): void {
  let count = 0;
  server.on('secureConnection', (socket: TLSSocket) => {
    running.connections.set(socket, ++count);
    // A client that goes away in the middle is what many tests are about.
    socket.on('error', () => socket.destroy());
  });
  server.on('tlsClientError', (_error, socket: TLSSocket) => socket.destroy());
}

async function showCertificate(server: Server, certificates: Certificates, faults: readonly Fault[]): Promise<void> {
  const bad = faults.find((fault) => fault.kind === 'bad-tls');
  const credential = bad === undefined ? certificates.server : await certificates.bad(bad.certificate);
  server.setSecureContext({ cert: credential.certificate, key: credential.key, ca: certificates.authority });
  server.closeIdleConnections();
}

/**
 * Serves a recorded cluster over loopback TLS, HTTP/1.1: the Kubernetes API and its proxy to the kubelets, with execs that
 * were recorded and writes that stay in memory. What was not recorded is refused with 404 or 405. Faults are injected on request. Throws when the scenario cannot be read.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, ids, faults = [] } = options;
  const recorded = loadScenario(options.scenario ?? 'small-cluster');
  const scenario = { ...recorded, rules: options.rules ?? recorded.rules };
  const certificates = await makeCertificates(scenario.identity, clock.nowMs());
  const running: Running = {
    scenario,
    router: new Router(scenario, { clock, ids }),
    clock,
    ids,
    certificates,
    token: ids.token(32),
    seen: [],
    connections: new WeakMap(),
    upgrades: new UpgradeServer(scenario.execs, options.exec),
    faults: new FaultBook(faults),
  };
  const server = createServer(
    {
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      keepAliveTimeout: 90_000,
      requestTimeout: 0,
    },
    (request, response) => {
      response.on('error', () => response.destroy());
      answerCall(running, request, response).catch(() => response.destroy());
    },
  );
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    answerUpgrade(running, { request, socket, head }).catch(() => socket.destroy());
  });
  countConnections(server, running);
  await showCertificate(server, certificates, faults);
  const address = await listen(server);
  const kubeconfigPath = await writeKubeconfig({
    directory: options.directory,
    server: address,
    certificates,
    token: running.token,
  });
  return {
    kubeconfigPath,
    server: address,
    requests: () => running.seen.map((entry) => ({ ...entry })),
    setFaults: async (next) => {
      running.faults = new FaultBook(next);
      await showCertificate(server, certificates, next);
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      running.upgrades.stop();
      await closed;
    },
  };
}
