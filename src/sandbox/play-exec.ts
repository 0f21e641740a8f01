import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ExecFrame } from './exec-recording.js';
import type { ExecFault } from './fault.js';

const [STDOUT, STATUS] = [1, 3];
const MAX_STDIN_BYTES = 32 * 1024 * 1024;
const ENDLESS = Buffer.alloc(32 * 1024, 'exhibit ');
const HUGE_BYTES = 8 * 1024 * 1024;

/** What a program sends, as the server would: any number of frames of standard output and error, and the status frame last. */
export type ExecFrames = AsyncIterable<ExecFrame> | Iterable<ExecFrame>;

/** The status frame of a program that ended, in the real server's words. */
export function statusFrame(exitCode: number): ExecFrame {
  const message = `command terminated with non-zero exit code: command terminated with exit code ${exitCode}`;
  const causes = [{ reason: 'ExitCode', message: String(exitCode) }];
  const failure = { metadata: {}, status: 'Failure', message, reason: 'NonZeroExitCode', details: { causes } };
  const status = exitCode === 0 ? { metadata: {}, status: 'Success' } : failure;
  return { channel: STATUS, bytes: Buffer.from(JSON.stringify(status)) };
}

/** Standard input as it comes in, until the client closes it or goes away. */
export async function readStdin(socket: WebSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  return await new Promise((resolve) => {
    const finish = (): void => {
      socket.off('message', onMessage).off('close', finish);
      resolve(Buffer.concat(chunks));
    };
    const onMessage = (data: unknown): void => {
      const message = data as Buffer;
      size += message.length;
      if (message[0] === 255 || size > MAX_STDIN_BYTES) finish();
      else if (message[0] === 0) chunks.push(message.subarray(1));
    };
    socket.on('message', onMessage).on('close', finish);
  });
}

async function send(socket: WebSocket, message: Buffer | string): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return false;
  return await new Promise((resolve) =>
    socket.send(message, (error) => resolve(error === undefined || (error as Error | null) === null)),
  );
}

async function sendFrame(socket: WebSocket, { channel, bytes }: ExecFrame): Promise<boolean> {
  return await send(socket, Buffer.concat([Buffer.from([channel]), bytes]));
}

async function sendGarbage(socket: WebSocket, what: 'channel' | 'text' | 'empty' | 'huge'): Promise<void> {
  if (what === 'channel') await sendFrame(socket, { channel: 9, bytes: Buffer.from('?') });
  else if (what === 'text') await send(socket, '\u0001text');
  else if (what === 'empty') await send(socket, Buffer.alloc(0));
  else await sendFrame(socket, { channel: STDOUT, bytes: Buffer.alloc(HUGE_BYTES) });
}

export interface Playing {
  readonly socket: WebSocket;
  /** Below it; what tears a message apart. */
  readonly raw: Socket;
  readonly frames: ExecFrames;
  readonly fault: ExecFault | undefined;
}

/** Frames of the program until `afterBytes` of its standard output were sent. Returns the status frame when it came to that. */
async function sendOutput({ socket, frames }: Playing, afterBytes: number): Promise<ExecFrame | null> {
  let left = afterBytes;
  for await (const frame of frames) {
    if (frame.channel === STATUS) return frame;
    const bytes = frame.channel === STDOUT ? frame.bytes.subarray(0, left) : frame.bytes;
    if (!(await sendFrame(socket, { ...frame, bytes }))) return null;
    if (frame.channel === STDOUT) left -= bytes.length;
    if (left === 0 && afterBytes !== Infinity) return null;
  }
  return null;
}

async function cut(playing: Playing, afterBytes: number): Promise<void> {
  await sendOutput(playing, afterBytes);
  // A binary frame that announces 1000 bytes and brings ten.
  const begun = Buffer.concat([Buffer.from([0x82, 126, 1000 >> 8, 1000 & 255, STDOUT]), Buffer.alloc(9)]);
  playing.raw.write(begun, () => playing.raw.destroy());
}

async function playEnd(playing: Playing, status: ExecFrame | null): Promise<void> {
  const { socket, fault } = playing;
  if (fault?.kind === 'exec-status') {
    const bytes = Buffer.from(fault.text);
    for (let index = 0; index < (fault.repeated ?? 1); index++) await sendFrame(socket, { channel: STATUS, bytes });
  } else if (fault?.kind === 'exec-early-success') await sendFrame(socket, statusFrame(0));
  else if (status !== null && fault?.kind !== 'exec-no-status') await sendFrame(socket, status);
  if (fault?.kind === 'exec-stays-open') return;
  socket.close(1000);
}

/** Plays a program to a client that was upgraded, whole or spoilt. */
export async function playExec(playing: Playing): Promise<void> {
  const { socket, raw, fault } = playing;
  // The real server announces the lowest channel that it writes to.
  await sendFrame(socket, { channel: STDOUT, bytes: Buffer.alloc(0) });
  switch (fault?.kind) {
    case 'exec-endless':
      while (await sendFrame(socket, { channel: STDOUT, bytes: ENDLESS }));
      return;
    case 'exec-garbage':
      await sendGarbage(socket, fault.what);
      await once(socket, 'close');
      return;
    case 'exec-cut':
      await cut(playing, fault.afterBytes);
      return;
    case 'exec-silent':
      await sendOutput(playing, fault.afterBytes);
      return;
    case 'exec-dead':
      await sendOutput(playing, fault.afterBytes);
      raw.pause();
      return;
    case 'exec-early-success':
      await playEnd(playing, await sendOutput(playing, fault.afterBytes));
      return;
    default:
      await playEnd(playing, await sendOutput(playing, Infinity));
  }
}
