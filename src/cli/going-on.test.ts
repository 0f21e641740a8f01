import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../model/errors.js';
import { goingOn } from './going-on.js';

const progress = { phase: 'collect V1', done: 71, total: 146, bytes: 1, current: [], gaps: 0, lastError: null };
const drill = { command: () => 'exhibit drill run --sandbox', progress };

describe('an error on its way to the user', () => {
  it('names the command that really goes on: a drill must not resume the real case', () => {
    const full = new ExhibitError('STORAGE_FULL', 'full', { hints: ['df -h', 'exhibit resume'], subject: '/x' });
    expect(goingOn(full, drill)).toMatchObject({
      code: 'STORAGE_FULL',
      subject: '/x',
      hints: ['df -h', 'exhibit drill run --sandbox'],
    });
  });

  it('says how far an interrupted collection came, and nothing of it otherwise', () => {
    const interrupted = new ExhibitError('INTERRUPTED', 'x', {
      hints: ['exhibit resume'],
      safe: 'all',
      retryable: true,
    });
    expect(goingOn(interrupted, drill)).toMatchObject({
      retryable: true,
      safe: '71 of 146 artifacts were read and are committed.',
    });
    expect(goingOn(interrupted, { ...drill, progress: { ...progress, phase: 'seal' } }).safe).toBe('all');
    expect(goingOn(new ExhibitError('CUT', 'x'), drill).safe).toBeUndefined();
  });
});
