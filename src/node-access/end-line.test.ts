import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FarStderr } from './end-line.js';

const NONCE = 'ab'.repeat(16);

it('keeps the same end, however it arrived', () => {
  const chunk = fc.integer({ min: 1, max: 200_000 });
  fc.assert(
    fc.property(fc.array(chunk, { minLength: 1, maxLength: 8 }), (sizes) => {
      const said = new FarStderr();
      const all = sizes.map((size, index) => Buffer.alloc(size, 97 + index));
      for (const one of all) said.feed(one);
      expect(said.text(NONCE)).toBe(Buffer.concat(all).subarray(-65_536).toString());
    }),
    { numRuns: 50 },
  );
});

it('finds the end line behind a long complaint that came byte by byte', () => {
  const said = new FarStderr();
  const byte = Buffer.from('e');
  for (let count = 0; count < 200_000; count += 1) said.feed(byte);
  const line = `\nexhibit-end/1 ${NONCE} 3 ${'0'.repeat(64)}\n`;
  for (const one of Buffer.from(line)) said.feed(Buffer.from([one]));
  expect(said.endLine(NONCE)).toEqual({ exitStatus: 3, sha256: '0'.repeat(64) });
  expect(said.text(NONCE)).toBe('e'.repeat(65_536 - line.length));
});
