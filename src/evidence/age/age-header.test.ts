import { randomBytes } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageKey } from '../../../test/fakes/age-world.js';
import { ExhibitError } from '../../model/errors.js';
import { MAX_HEADER_BYTES, plainPayloadBytes, sealedPayloadBytes } from './age-format.js';
import { parseAgeHeader } from './age-header.js';

const MAC = `--- ${'A'.repeat(43)}\n`;
const BODY = `${'B'.repeat(43)}\n`;
const VERSION = 'age-encryption.org/v1\n';

function problem(text: string | Buffer): string {
  try {
    parseAgeHeader(Buffer.from(text as string, 'latin1'), 'file');
    return '';
  } catch (error) {
    if (!(error instanceof ExhibitError) || error.code !== 'DECRYPT_FAILED') throw error;
    return error.message;
  }
}

describe('parseAgeHeader', () => {
  it('reads stanzas with all arguments and bodies, and stops at the end of the MAC', () => {
    const long = `${'C'.repeat(64)}\n`;
    const text = `${VERSION}-> X25519 ${'s'.repeat(43)}\n${BODY}-> grease a b\n${long}\n${MAC}`;
    const { bytes, stanzas } = parseAgeHeader(Buffer.from(`${text}payload\n--- more`), 'file');
    expect(bytes.toString()).toBe(text);
    expect(stanzas).toEqual([
      { type: 'X25519', args: ['s'.repeat(43)], text: `-> X25519 ${'s'.repeat(43)}\n${BODY}` },
      { type: 'grease', args: ['a', 'b'], text: `-> grease a b\n${long}\n` },
    ]);
  });

  it.each([
    ['another version', `age-encryption.org/v2\n-> X25519 a\n${BODY}${MAC}`, 'does not begin'],
    ['nothing', '', 'ends inside its header'],
    ['no recipient', `${VERSION}${MAC}`, 'no recipient'],
    ['an empty argument', `${VERSION}-> X25519  a\n${BODY}${MAC}`, 'empty argument'],
    ['a control character in an argument', `${VERSION}-> X25519 \u001b[1m\n${BODY}${MAC}`, 'empty argument'],
    ['a carriage return', `${VERSION.replace('\n', '\r\n')}-> X25519 a\n${BODY}${MAC}`, 'does not begin'],
    ['a body that is not base64', `${VERSION}-> X25519 a\n*\n${MAC}`, 'not base64'],
    ['a body line that is too long', `${VERSION}-> X25519 a\n${'B'.repeat(65)}\n${MAC}`, 'not base64'],
    ['a MAC of another length', `${VERSION}-> X25519 a\n${BODY}--- AAAA\n`, 'neither a recipient nor the end'],
    ['words in between', `${VERSION}hello\n${MAC}`, 'neither a recipient nor the end'],
    ['an endless line', `${VERSION}-> ${'x'.repeat(MAX_HEADER_BYTES)}`, 'longer than'],
    ['endless recipients', VERSION + `-> a b\n\n`.repeat(1002), 'more than 1000 recipients'],
  ])('refuses %s', (_what, text, why) => {
    expect(problem(text)).toContain(why);
  });

  it('refuses every beginning of a header', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient((await ageKey()).recipient);
    const file = Buffer.from(await encrypter.encrypt(new Uint8Array()));
    const { bytes } = parseAgeHeader(file, 'file');
    expect(bytes.length).toBe(file.length - 32);
    for (let end = 0; end < bytes.length; end += 1) expect(problem(bytes.subarray(0, end))).not.toBe('');
  });

  it('takes or refuses whatever bytes it is given, and never more than there are', () => {
    const line = fc.oneof(
      fc.constantFrom(VERSION, MAC, BODY, '-> X25519 a\n', '-> scrypt b 18\n', '\n'),
      fc.string({ unit: 'binary', maxLength: 80 }).map((text) => `${text}\n`),
    );
    const recipient = fc
      .tuple(fc.constantFrom('-> X25519 a\n', '-> scrypt b 18\n'), fc.constantFrom('\n', BODY))
      .map((parts) => parts.join(''));
    const header = fc
      .tuple(fc.array(recipient, { minLength: 1, maxLength: 4 }), fc.array(line, { maxLength: 3 }))
      .map(([stanzas, rest]) => [VERSION, ...stanzas, MAC, ...rest]);
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(fc.array(line, { maxLength: 12 }), header), (lines) => {
        const text = lines.join('');
        const input = Buffer.from(text, 'latin1');
        if (problem(input) !== '') return;
        taken += 1;
        const { bytes, stanzas } = parseAgeHeader(input, 'file');
        expect(bytes.equals(input.subarray(0, bytes.length))).toBe(true);
        const rebuilt = VERSION + stanzas.map((stanza) => stanza.text).join('');
        expect(bytes.toString('latin1').startsWith(rebuilt)).toBe(true);
        expect(bytes.length).toBe(rebuilt.length + MAC.length);
      }),
      { numRuns: 300, examples: [[[VERSION, '-> X25519 a\n', BODY, MAC]]] },
    );
    expect(taken).toBeGreaterThan(0);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => problem(Buffer.from(bytes)) !== ''));
  });
});

describe('the sizes of a payload', () => {
  it("are each other's inverse, and tell the sizes that no payload has", () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 40 }), (size) => plainPayloadBytes(sealedPayloadBytes(size)) === size));
    const possible = new Set(Array.from({ length: 140_000 }, (_, size) => sealedPayloadBytes(size)));
    for (let size = 0; size < 131_000; size += 1)
      if ((plainPayloadBytes(size) !== null) !== possible.has(size)) throw new Error(`size ${String(size)}`);
    expect(plainPayloadBytes(randomBytes(1).length)).toBeNull();
  });
});
