import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareUnderPressure } from './pressure.js';

const line = (what: string, kind: string, avg10: string) =>
  `${what}\t${kind} avg10=${avg10} avg60=0.00 avg300=0.00 total=12\n`;

describe('the share of the rate under pressure', () => {
  it.each([
    ['', 1],
    [line('cpu', 'some', '49.99') + line('io', 'full', '9.99') + line('memory', 'full', '4.99'), 1],
    [line('cpu', 'some', '50.00'), 0.5],
    [line('io', 'full', '10.00'), 0.5],
    [line('memory', 'full', '5.00'), 0.5],
    [line('cpu', 'some', '80.00'), 0.1],
    [line('io', 'full', '40.00') + line('cpu', 'some', '50.00'), 0.1],
    [line('cpu', 'some', '50.00') + line('memory', 'full', '20.00'), 0.1],
    [line('io', 'some', '100.00') + line('memory', 'some', '100.00'), 1],
    ['io\tfull avg10=99 avg60=', 1],
    ['constructor\tfull avg10=99.00 ', 1],
  ])('of %j is %d', (answer, share) => {
    expect(shareUnderPressure(answer)).toBe(share);
  });

  it('is one of three, whatever a node says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (answer) => [1, 0.5, 0.1].includes(shareUnderPressure(answer))),
    );
    expect(shareUnderPressure('\0')).toBe(1);
  });
});
