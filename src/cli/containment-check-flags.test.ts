import { describe, expect, it } from 'vitest';
import { containmentCheckWords, parseRechecks } from './containment-check-flags.js';

describe('when a containment is looked at again', () => {
  it('is rising seconds, or never', () => {
    expect(parseRechecks('30,60,120')).toEqual([30, 60, 120]);
    expect(parseRechecks('none')).toEqual([]);
  });

  it.each(['', '0', '2,1', '1,1', '1.5', '-1', '1e3', '3601', '1,2,3,4,5,6,7,8,9,10,11', 'soon'])(
    'is not %j',
    (text) => {
      expect(() => parseRechecks(text)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
    },
  );

  it('is said again by the command that goes on', () => {
    const flags = {
      ...{ 'recheck-at': '1,2', 'probe': ['10.0.0.5:443'], 'node-access': ['collector-pod', 'ssh'] as const },
      ...{ 'collector-image-present': true },
    };
    expect(containmentCheckWords(flags)).toEqual([
      ...['--recheck-at=1,2', '--probe=10.0.0.5:443', '--node-access=collector-pod', '--node-access=ssh'],
      '--collector-image-present',
    ]);
    expect(containmentCheckWords({})).toEqual([]);
  });
});
