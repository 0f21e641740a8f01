import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNoChain } from './chain.js';
import { checkToken } from './check-token.js';
import { readPem } from './pem.js';

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'fixtures', name));
const STAMPED = Buffer.from('recorded\n');

/** Answers of `openssl ts -reply` (OpenSSL 3.0.19), whose certificates were made for 20 days: the text of each says when. */
describe.each([
  ['rsa', '2026-11-22T07:39:39.000Z'],
  ['ec', '2026-11-22T07:39:40.000Z'],
])('the recorded answer of an %s authority', (kind, genTime) => {
  const anchors = readPem(fixture(`${kind}-root.pem`).toString('latin1')).certificates;
  const query = fixture(`${kind}.tsq`);
  const reply = fixture(`${kind}.tsr`);

  it('is a good token of its time, whenever it is read', () => {
    const checked = checkToken({ stamped: STAMPED, query, reply });
    expect(new Date(checked.genTimeMs).toISOString()).toBe(genTime);
    expect(checked).toMatchObject({ accuracyMs: 1000, certificate: { name: `openssl ${kind} time-stamping` } });
    const { certificate } = checked;
    expect(whyNoChain(certificate, { intermediates: [], anchors, atMs: checked.genTimeMs })).toBeNull();
    expect(whyNoChain(certificate, { intermediates: [], anchors, atMs: Date.parse('2027-01-01') })).toMatch(
      /not valid/,
    );
  });

  it('loses what no signature covers when it is stored, and stays good', () => {
    const { canonicalReply, others } = checkToken({ stamped: STAMPED, query, reply });
    expect(others.map(({ name }) => name)).toEqual([`openssl ${kind} root`]);
    expect(canonicalReply.length).toBeLessThan(reply.length);
    const again = checkToken({ stamped: STAMPED, query, reply: canonicalReply });
    expect(again.others).toEqual([]);
    expect(again.canonicalReply).toEqual(canonicalReply);
  });

  it('answers no other request and covers no other bytes', () => {
    expect(() => checkToken({ stamped: Buffer.from('other\n'), query, reply })).toThrow('it is over other bytes');
    const otherNonce = Buffer.from(query);
    otherNonce[60] = 1;
    expect(() => checkToken({ stamped: STAMPED, query: otherNonce, reply })).toThrow('it answers another request');
  });
});
