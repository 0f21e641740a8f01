import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framingOf, joinHeaders } from './framing.js';
import { chooseProxy } from './proxy-choice.js';
import { parseConnectAnswer } from './proxy-tunnel.js';
import { parseRetryAfter } from './retry-after.js';

describe('framingOf', () => {
  it.each([
    [200, ['Content-Length', '12'], { kind: 'length', bytes: 12 }],
    [200, ['transfer-encoding', 'chunked'], { kind: 'chunked' }],
    [200, ['Transfer-Encoding', 'gzip, Chunked'], { kind: 'chunked' }],
    [200, ['Transfer-Encoding', 'chunked, gzip'], { kind: 'none' }],
    [200, ['Content-Length', '12', 'Transfer-Encoding', 'chunked'], { kind: 'chunked' }],
    [200, ['Content-Length', '-1'], { kind: 'none' }],
    [200, ['Content-Length', '1e3'], { kind: 'none' }],
    [200, [], { kind: 'none' }],
    [204, [], { kind: 'no-body' }],
    [304, ['Content-Length', '9'], { kind: 'no-body' }],
  ] as const)('status %i with %j', (status, headers, expected) => {
    expect(framingOf(status, headers)).toEqual(expected);
  });
});

describe('joinHeaders', () => {
  it('keeps every line, whatever the names', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('A', 'a', '__proto__', 'constructor', 'Date'), fc.string())),
        (pairs) => {
          const headers = joinHeaders(pairs.flat());
          expect(Object.getPrototypeOf(headers)).toBeNull();
          for (const name of new Set(pairs.map(([key]) => key.toLowerCase()))) {
            expect(headers[name]).toBe(
              pairs
                .filter(([key]) => key.toLowerCase() === name)
                .map(([, value]) => value)
                .join(', '),
            );
          }
        },
      ),
    );
  });
});

describe('parseConnectAnswer', () => {
  it('waits for the whole head and finds its end', () => {
    const text = 'HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n';
    expect(parseConnectAnswer(Buffer.from(text))).toEqual({ status: 200, headBytes: text.length });
    for (let length = 0; length < text.length; length += 1)
      expect(parseConnectAnswer(Buffer.from(text.slice(0, length)))).toBeNull();
  });

  it('refuses what is no HTTP, and a head without end', () => {
    expect(() => parseConnectAnswer(Buffer.from('SSH-2.0\r\n\r\n'))).toThrow(/not HTTP/);
    expect(() => parseConnectAnswer(Buffer.alloc(17_000, 'x'))).toThrow(/endless/);
  });

  it('throws nothing but its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const answer = parseConnectAnswer(Buffer.concat([Buffer.from(bytes), Buffer.from('\r\n\r\n')]));
          expect(answer?.status).toBeGreaterThanOrEqual(100);
        } catch (error) {
          expect((error as Error).name).toBe('TransportError');
        }
      }),
    );
  });
});

describe('parseRetryAfter', () => {
  const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);

  it.each([
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['1000000000', 120_000],
    ['99999999999999999999', 120_000],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['Fri, 02 Jan 2099 03:04:15 GMT', 120_000],
    ['', null],
    [undefined, null],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['2026', 120_000],
  ] as const)('%j is %j', (value, expected) => {
    expect(parseRetryAfter(value, nowMs)).toBe(expected);
  });

  it('never asks for more than two minutes or less than nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.integer().map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (value) => {
          const delayMs = parseRetryAfter(value, nowMs);
          if (delayMs === null) return;
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(120_000);
        },
      ),
    );
  });
});

describe('chooseProxy', () => {
  const server = (host: string, port = 443): { protocol: 'https:'; host: string; port: number } => ({
    protocol: 'https:',
    host,
    port,
  });
  const proxied = (noProxy: string, host: string, port = 443): boolean =>
    chooseProxy({ HTTPS_PROXY: 'http://p:1', NO_PROXY: noProxy }, server(host, port)) !== null;

  it('takes the upper-case variable first and adds a scheme', () => {
    expect(chooseProxy({ HTTPS_PROXY: 'http://up:1', https_proxy: 'http://low:1' }, server('api.test'))).toBe(
      'http://up:1',
    );
    expect(chooseProxy({ https_proxy: 'low:1' }, server('api.test'))).toBe('http://low:1');
    expect(chooseProxy({ HTTP_PROXY: 'http://p:1' }, server('api.test'))).toBeNull();
    expect(chooseProxy({}, server('api.test'))).toBeNull();
  });

  // Expectations by the documentation of golang.org/x/net/http/httpproxy.
  it.each<[string, string, number, boolean]>([
    ['', 'api.test', 443, true],
    ['*', 'api.test', 443, false],
    ['test', 'api.test', 443, false],
    ['api.test', 'api.test', 443, false],
    ['api.test', 'x.api.test', 443, false],
    ['pi.test', 'api.test', 443, true],
    ['.api.test', 'api.test', 443, true],
    ['.api.test', 'x.api.test', 443, false],
    ['*.api.test', 'x.api.test', 443, false],
    ['*.api.test', 'api.test', 443, true],
    ['api.test:443', 'api.test', 443, false],
    ['api.test:6443', 'api.test', 443, true],
    ['10.0.0.1', '10.0.0.1', 443, false],
    ['10.0.0.0/8', '10.9.9.9', 443, false],
    ['10.0.0.0/8', '11.0.0.1', 443, true],
    ['10.0.0.0/8', 'ten.test', 443, true],
    ['fd00::/8', 'fd00::1', 443, false],
    ['[fd00::1]:443', 'fd00::1', 443, false],
    ['10.0.0.0/99', '10.0.0.1', 443, true],
    [' other.test , API.TEST ', 'Api.Test', 443, false],
    ['', 'localhost', 443, false],
    ['', '127.9.9.9', 443, false],
    ['', '::1', 443, false],
  ])('NO_PROXY=%j, host %s:%i, proxied %s', (...[noProxy, host, port, expected]) => {
    expect(proxied(noProxy, host, port)).toBe(expected);
  });

  it('never throws, whatever stands in NO_PROXY', () => {
    fc.assert(
      fc.property(fc.string(), (noProxy) => {
        expect(typeof proxied(noProxy, 'api.test')).toBe('boolean');
      }),
    );
  });
});
