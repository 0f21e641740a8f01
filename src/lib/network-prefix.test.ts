import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNetworkPrefix } from './network-prefix.js';

describe('a network in CIDR notation', () => {
  it.each([
    '10.0.0.0/16',
    '203.0.113.7/32',
    '0.0.0.0/0',
    '2001:db8::/56',
    '::/0',
    '2001:db8::1/128',
    '::ffff:10.0.0.0/112',
  ])('is %s', (text) => {
    expect(isNetworkPrefix(text)).toBe(true);
  });

  it.each([
    '10.0.0.1/16',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0/8',
    '2001:db8::1/56',
    'fe80::%1/64',
  ])('is not %s', (text) => {
    expect(isNetworkPrefix(text)).toBe(false);
  });

  it('is answered for any text at all', () => {
    const numbers = fc.array(fc.oneof(fc.nat(300).map(String), fc.constantFrom('.', ':', '/', '::', 'f')), {
      maxLength: 20,
    });
    const texts = fc.oneof(
      fc.string(),
      numbers.map((parts) => parts.join('')),
    );
    expect.hasAssertions();
    fc.assert(
      fc.property(texts, (text) => {
        expect(typeof isNetworkPrefix(text)).toBe('boolean');
      }),
    );
  });

  it('is every address as a network of its own', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV6(), (v4, v6) => {
        expect([isNetworkPrefix(`${v4}/32`), isNetworkPrefix(`${v6}/128`)]).toEqual([true, true]);
      }),
    );
  });
});
