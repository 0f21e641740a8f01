import { describe, expect, it } from 'vitest';
import { lockOf, openDestination } from './destination-flags.js';
import type { Context } from './context.js';

const NOW_MS = Date.parse('2026-11-22T00:00:00.000Z');
const flags = (until: string) => ({ 'object-lock': 'governance' as const, 'retain-until': until, 'legal-hold': false });

describe('the lock that is asked for', () => {
  it('is none without a flag', () => {
    expect(lockOf({ 'object-lock': undefined, 'retain-until': undefined, 'legal-hold': true }, NOW_MS)).toEqual({
      retention: null,
      legalHold: true,
    });
  });

  it.each([
    ['2031-12-31', '2031-12-31T00:00:00.000Z'],
    ['2031-12-31T23:59:59Z', '2031-12-31T23:59:59.000Z'],
    ['2031-12-31T23:59:59.001Z', '2032-01-01T00:00:00.000Z'],
    ['2031-12-31T23:59:59+02:00', '2031-12-31T21:59:59.000Z'],
  ])('until %s ends at %s', (text, untilAt) => {
    expect(lockOf(flags(text), NOW_MS).retention).toEqual({ mode: 'governance', untilAt });
  });

  it.each(['', 'soon', '365d', '2026-11-21', '2026-11-22', '2031-13-01', '9999-12-31', '2031', '31.12.2031'])(
    'is refused with the end %j',
    (text) => {
      expect(() => lockOf(flags(text), NOW_MS)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
    },
  );
});

describe('a destination', () => {
  const context = {
    environment: { workingDirectory: '/work', variables: {} },
    signal: new AbortController().signal,
  } as unknown as Context;
  const none = { region: undefined, endpoint: undefined };

  it('is a directory, from here where it is relative', async () => {
    expect((await openDestination(context, 'disk', none)).location).toBe('/work/disk/');
    expect((await openDestination(context, '/media/disk/', none)).location).toBe('/media/disk/');
  });

  it.each(['gs://bucket', 'https://bucket', 'file:///tmp', 'S3://bucket'])('is not %s', async (location) => {
    await expect(openDestination(context, location, none)).rejects.toMatchObject({ code: 'DESTINATION_INVALID' });
  });
});
