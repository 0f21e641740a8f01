import { describe, expect, it } from 'vitest';
import type { Authority } from '../../model/case.js';
import { checkAuthority, checkScope } from './scope-request.js';

const nothing = { all: false, nodes: [], pods: [], namespaces: [] };
const authority: Authority = {
  by: 'the head of security',
  at: '2026-01-01T00:00:00.000Z',
  ground: 'incident',
  limits: { namespaces: ['shop'], nodes: ['node1'], notAfter: '2026-01-02T00:00:00Z' },
};
const during = Date.UTC(2026, 0, 1, 12);

describe('checkScope', () => {
  it('refuses a scope that selects nothing and says how to select', () => {
    expect(() => {
      checkScope(nothing);
    }).toThrow(
      expect.objectContaining({
        code: 'USAGE_INVALID',
        hints: expect.arrayContaining(['exhibit collect --all']) as unknown,
      }) as Error,
    );
  });

  it.each([
    ['--all beside a selector', { ...nothing, all: true, nodes: ['node1'] }],
    ['a pod without its namespace', { ...nothing, pods: ['web'] }],
    ['a pod with two slashes', { ...nothing, pods: ['a/b/c'] }],
  ])('refuses %s', (_, scope) => {
    expect(() => {
      checkScope(scope);
    }).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }) as Error);
  });

  it('accepts one selector', () => {
    expect(checkScope({ ...nothing, pods: ['shop/web'] })).toBeUndefined();
  });
});

describe('checkAuthority', () => {
  it.each([
    ['a node', { ...nothing, nodes: ['node2'] }, during],
    ['a namespace', { ...nothing, namespaces: ['kube-system'] }, during],
    ['a pod', { ...nothing, pods: ['bank/web'] }, during],
    ['the whole cluster', { ...nothing, all: true }, during],
    ['a time', { ...nothing, nodes: ['node1'] }, Date.UTC(2026, 0, 3)],
  ])('refuses %s beyond the limits', (_, scope, now) => {
    expect(() => {
      checkAuthority(scope, authority, now);
    }).toThrow(expect.objectContaining({ code: 'LIMIT_OF_AUTHORITY', exitCode: 5 }) as Error);
  });

  it('lets pass what is within, and everything where no limits were stated', () => {
    expect(checkAuthority({ ...nothing, nodes: ['node1'], pods: ['shop/web'] }, authority, during)).toBeUndefined();
    expect(checkAuthority({ ...nothing, all: true }, 'not stated', during)).toBeUndefined();
  });
});
