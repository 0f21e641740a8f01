import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, HeaderPairs } from './answer.js';
import type { TransportFault } from './fault.js';

export interface Sending {
  readonly response: ServerResponse;
  readonly answer: Answer;
  /** Date, Audit-Id. */
  readonly ownHeaders: HeaderPairs;
}

function writeHead({ response, answer, ownHeaders }: Sending, framing: HeaderPairs): void {
  response.writeHead(answer.status, [...ownHeaders, ...answer.headers, ...framing].flat());
}

function lengthHeader(bytes: number): HeaderPairs {
  return [['Content-Length', String(bytes)]];
}

const CHUNKED: HeaderPairs = [['Transfer-Encoding', 'chunked']];

function framingOf(answer: Answer): HeaderPairs {
  return answer.chunked ? CHUNKED : lengthHeader(answer.body.length);
}

async function write(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  if (response.destroyed) return false;
  if (bytes.length === 0) return true;
  return await new Promise((resolve) =>
    response.write(bytes, (error) => resolve(error === null || error === undefined)),
  );
}

/** Sends head and first bytes so that they have left before anything else happens. */
async function begin(sending: Sending, afterBytes: number): Promise<void> {
  writeHead(sending, framingOf(sending.answer));
  sending.response.flushHeaders();
  await write(sending.response, sending.answer.body.subarray(0, afterBytes));
}

async function sendSlowly(sending: Sending, fault: { chunkBytes: number; pauseMs: number }): Promise<void> {
  const { response, answer } = sending;
  writeHead(sending, framingOf(answer));
  response.flushHeaders();
  for (let at = 0; at < answer.body.length; at += fault.chunkBytes) {
    await pause(fault.pauseMs, undefined, { ref: false });
    if (!(await write(response, answer.body.subarray(at, at + fault.chunkBytes)))) return;
  }
  response.end();
}

async function sendForEver(sending: Sending): Promise<void> {
  const { response, answer } = sending;
  writeHead(sending, CHUNKED);
  const seed = answer.body.length === 0 ? Buffer.from('x\n') : answer.body;
  const more = Buffer.concat(Array.from({ length: Math.ceil(65536 / seed.length) }, () => seed));
  while (await write(response, more));
}

function sendWhole(sending: Sending): void {
  writeHead(sending, framingOf(sending.answer));
  sending.response.end(sending.answer.body);
}

/** Sends an answer, whole or spoilt. Resolves when we have done our part; a stalled one stays open. */
export async function sendAnswer(sending: Sending, fault: TransportFault | undefined): Promise<void> {
  if (fault === undefined) sendWhole(sending);
  else await sendSpoilt(sending, fault);
}

async function sendSpoilt(sending: Sending, fault: TransportFault): Promise<void> {
  const { response, answer } = sending;
  switch (fault.kind) {
    case 'no-answer':
      return;
    case 'reset':
      response.socket?.destroy();
      return;
    case 'stall':
      await begin(sending, fault.afterBytes);
      return;
    case 'cut':
      await begin(sending, fault.afterBytes);
      response.socket?.destroy();
      return;
    case 'early-end':
      sendWhole({ ...sending, answer: { ...answer, body: answer.body.subarray(0, fault.afterBytes) } });
      return;
    case 'wrong-length':
      writeHead(sending, lengthHeader(Math.max(0, answer.body.length + fault.byBytes)));
      await write(response, answer.body);
      response.socket?.end();
      return;
    case 'slow':
      await sendSlowly(sending, fault);
      return;
    case 'endless':
      await sendForEver(sending);
  }
}
