import { expect, it } from 'vitest';
import { containAfterMs, respondFlags } from './respond-flags.js';

it('takes the flag by which a refusal to sever says that it is answered', () => {
  expect(Object.keys(respondFlags)).toContain('lose-volatile');
});

it('waits no longer than a day, and with 0 not at all', () => {
  expect(containAfterMs('0')).toBe(0);
  expect(containAfterMs('5m')).toBe(300_000);
  expect(() => containAfterMs('25h')).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
});
