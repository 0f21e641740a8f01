import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExhibitError } from './errors.js';
import { parseProfile, selectByProfile, type Profile } from './profile.js';

const GOOD = {
  apiVersion: 'kubexhibit.dev/v1',
  kind: 'Profile',
  metadata: { name: 'mine', title: 'Mine', description: 'What I need.' },
  collectors: ['events', 'tag:logs'],
};
const COLLECTORS = [
  { id: 'events', tags: ['api'] },
  { id: 'kubelet-logs', tags: ['logs', 'kubelet'] },
  { id: 'pod-logs', tags: ['logs', 'api'] },
];

const select = (...entries: string[]) => selectByProfile({ ...GOOD, collectors: entries } as Profile, COLLECTORS);

describe('parseProfile', () => {
  it('takes a profile with and without limits', () => {
    expect(parseProfile(GOOD, 'mine.yaml')).toEqual(GOOD);
    const limits = { maxLogBytes: null, sinceTime: '2026-01-02T03:04:05Z', idleTimeoutMs: 5000 };
    expect(parseProfile({ ...GOOD, limits }, 'mine.yaml').limits).toEqual(limits);
  });

  it.each<[string, unknown]>([
    ['another kind', { ...GOOD, kind: 'Pod' }],
    ['no collectors', { ...GOOD, collectors: [] }],
    ['an unknown key', { ...GOOD, extra: 1 }],
    ['an unknown limit', { ...GOOD, limits: { maxlogbytes: 1 } }],
    ['a limit of nothing', { ...GOOD, limits: { maxLogBytes: 0 } }],
    ['an instant that is none', { ...GOOD, limits: { sinceTime: 'yesterday' } }],
    ['a name that is a path', { ...GOOD, metadata: { ...GOOD.metadata, name: '../x' } }],
    ['an entry that is a path', { ...GOOD, collectors: ['../../evil'] }],
  ])('refuses %s', (_name, value) => {
    expect(() => parseProfile(value, 'mine.yaml')).toThrow(
      expect.objectContaining({ code: 'PROFILE_INVALID', subject: 'mine.yaml' }),
    );
  });

  it('refuses whatever else there is with its own error', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parseProfile(value, 'x')).toThrow(ExhibitError);
      }),
    );
  });
});

describe('selectByProfile', () => {
  it('keeps the order of the profile, each collector once', () => {
    expect(select('pod-logs', '*')).toEqual(['pod-logs', 'events', 'kubelet-logs']);
    expect(select('tag:logs', 'events')).toEqual(['kubelet-logs', 'pod-logs', 'events']);
  });

  it('takes out what an exclamation mark names', () => {
    expect(select('*', '!tag:kubelet')).toEqual(['events', 'pod-logs']);
  });

  it.each(['nothing', 'tag:nothing', '!nothing'])('refuses %s, which matches no collector', (entry) => {
    expect(() => select('events', entry)).toThrow(expect.objectContaining({ code: 'PROFILE_INVALID', subject: entry }));
  });
});
