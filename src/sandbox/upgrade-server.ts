import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ExecCall, ExecFrame, RecordedExecs } from './exec-recording.js';
import type { ExecFault } from './fault.js';
import { type ExecFrames, playExec, readStdin } from './play-exec.js';
import type { AcceptedExec } from './serve-exec.js';

const PROTOCOL = 'v5.channel.k8s.io';
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** What a program sends, its status frame last; `null` = not one that can be played. */
export type ExecPlay = (call: ExecCall, stdin: Buffer) => ExecFrames | null;

export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What came behind the request already. */
  readonly head: Buffer;
}

function notRecorded({ argv }: ExecCall): ExecFrame[] {
  const message = `Internal error occurred: ${JSON.stringify(argv)}: not supported by the sandbox`;
  const status = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
  return [{ channel: 3, bytes: Buffer.from(JSON.stringify(status)) }];
}

/** Plays programs over WebSockets: those that the tests script, else those that were recorded. */
export class UpgradeServer {
  readonly #recorded: RecordedExecs;
  readonly #play: ExecPlay;
  readonly #sockets = new Set<Socket>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });

  constructor(recorded: RecordedExecs, play: ExecPlay | undefined) {
    this.#recorded = recorded;
    this.#play = play ?? (() => null);
  }

  /** Upgraded connections are nobody's but ours: the HTTP server does not end them. */
  track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  accept({ request, socket, head }: UpgradeRequest, exec: AcceptedExec, fault: ExecFault | undefined): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      this.#run(client, { exec, raw: socket, fault }).catch(() => client.terminate());
    });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #run(
    socket: WebSocket,
    { exec, raw, fault }: { exec: AcceptedExec; raw: Socket; fault: ExecFault | undefined },
  ): Promise<void> {
    const stdin = exec.stdin ? await readStdin(socket) : Buffer.alloc(0);
    const frames = this.#play(exec.call, stdin) ?? this.#recorded.find(exec.call, stdin) ?? notRecorded(exec.call);
    await playExec({ socket, raw, frames, fault });
  }
}
