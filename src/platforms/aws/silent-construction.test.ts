import { describe, expect, it, vi } from 'vitest';
import { silentConstruction } from './silent-construction.js';

describe('constructing a client', () => {
  it('keeps the notice of the SDK about the version of Node.js from standard error, and nothing else', () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const made = silentConstruction(() => {
      process.emitWarning('NodeVersionSupportWarning: too old one day');
      process.emitWarning('another', 'Warning');
      return 'client';
    });
    expect(made).toBe('client');
    expect(emitted.mock.calls).toEqual([['another', 'Warning']]);
  });

  it('puts the function back, also when the construction throws', () => {
    const before = process.emitWarning;
    expect(() =>
      silentConstruction(() => {
        throw new Error('no region');
      }),
    ).toThrow('no region');
    expect(process.emitWarning).toBe(before);
  });
});
