import { describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import type { RequestEnd, RequestStart } from '../../ports/request-log.js';
import { logCalls } from './log-calls.js';

const REQUEST = {
  method: 'GET',
  protocol: 'https:',
  hostname: 'example.amazonaws.com',
  path: '/snapshots/a b',
  query: { maxResults: '5', tag: ['a&b', 'c'] },
  headers: { 'authorization': 'AWS4-HMAC-SHA256 Credential=AKIA', 'amz-sdk-invocation-id': 'call-1' },
};

type Handle = (request: typeof REQUEST) => Promise<{ response: { body?: unknown } }>;

function logged(answer: () => Promise<unknown>) {
  const begun: RequestStart[] = [];
  const ended: RequestEnd[] = [];
  const requestHandler: { handle: Handle } = { handle: answer as Handle };
  const requestLog = {
    begin: (start: RequestStart) => begun.push(start),
    end: (_: number, end: RequestEnd) => {
      ended.push(end);
    },
  };
  logCalls({ config: { requestHandler } }, { requestLog, clock: systemClock });
  return { send: () => requestHandler.handle(REQUEST), begun, ended };
}

async function* pieces(count: number, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve(Buffer.alloc(sizeBytes, index));
}

describe('the log of calls to AWS', () => {
  it('has the address with its query, the ids, and the digest of the whole answer, which is handed on', async () => {
    const headers = { 'x-amzn-requestid': 'r-1', 'date': 'Sun, 22 Nov 2026 17:00:00 GMT' };
    const { send, begun, ended } = logged(() =>
      Promise.resolve({ response: { statusCode: 200, headers, body: pieces(3, 4) } }),
    );
    const { response } = await send();
    expect(response.body).toEqual(Buffer.from('000000000101010102020202', 'hex'));
    expect(begun).toEqual([
      {
        method: 'GET',
        url: 'https://example.amazonaws.com/snapshots/a b?maxResults=5&tag=a%26b&tag=c',
        auditIdSent: 'call-1',
        sentAt: expect.stringMatching(/Z$/) as string,
      },
    ]);
    expect(ended).toEqual([
      expect.objectContaining({
        ...{ status: 200, auditIdAnswered: 'r-1', serverDate: headers.date, sizeBytes: 12, error: null },
        sha256: '594d334a1c22fb1da765cd5486dbbced082ad0fdad46f77c4e7bab2b0beb03cc',
      }),
    ]);
    expect(JSON.stringify([begun, ended])).not.toContain('AKIA');
  });

  it('takes no answer without an end', async () => {
    const { send, ended } = logged(() =>
      Promise.resolve({ response: { statusCode: 200, headers: {}, body: pieces(Infinity, 1024 * 1024) } }),
    );
    await expect(send()).rejects.toThrow('an answer of more than 16777216 bytes');
    expect(ended).toEqual([expect.objectContaining({ status: 200, sha256: null, error: 'SyntaxError' })]);
  });

  it('says by name why there was no answer, without the words of the SDK', async () => {
    const failure = Object.assign(new Error('signed with Credential=AKIA'), { code: 'ECONNRESET' });
    const { send, ended } = logged(() => Promise.reject(failure));
    await expect(send()).rejects.toBe(failure);
    expect(ended).toEqual([expect.objectContaining({ status: null, error: 'ECONNRESET' })]);
  });
});
