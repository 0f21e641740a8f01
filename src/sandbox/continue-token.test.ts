import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeContinue, encodeContinue } from './continue-token.js';

describe('continue token', () => {
  it('is written as the real server writes it', () => {
    const token = encodeContinue({ resourceVersion: 454, startKey: 'exhibit-quiet\0' });
    expect(token).toBe('eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NDU0LCJzdGFydCI6ImV4aGliaXQtcXVpZXRcdTAwMDAifQ');
  });

  it('comes back as it went in', () => {
    const key = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.split('/').includes('..'));
    fc.assert(
      fc.property(fc.integer({ min: 1 }), key, (resourceVersion, startKey) => {
        expect(decodeContinue(encodeContinue({ resourceVersion, startKey }))).toEqual({ resourceVersion, startKey });
      }),
    );
  });

  it('refuses anything else in words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(['string', 'object']).toContain(typeof decodeContinue(text));
      }),
    );
    expect(decodeContinue('')).toMatch(/invalid character/);
    expect(decodeContinue('e30=')).toBe('illegal base64 data at input byte 3');
    expect(decodeContinue(encodeContinue({ resourceVersion: 5, startKey: '../secrets/x' }))).toBe('../secrets/x');
  });
});
