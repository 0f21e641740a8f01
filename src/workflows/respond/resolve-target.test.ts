import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../../model/errors.js';
import { parseTarget } from './resolve-target.js';

describe('the target of a response', () => {
  it('is a node, a pod with its namespace, or a bare name', () => {
    expect(parseTarget('node/worker-3')).toEqual({ target: 'node', name: 'worker-3' });
    expect(parseTarget('pod/shop/cart-7d9f')).toEqual({ target: 'pod', name: 'shop/cart-7d9f' });
    expect(parseTarget('worker-3')).toBeNull();
  });

  it.each(['', '/', 'node/', 'pod/cart', 'shop/cart', 'pod//cart', 'node/a/b', 'deployment/shop/cart', 'pod/a/b/c'])(
    'is not "%s"',
    (text) => {
      expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
    },
  );

  it('is understood or refused, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const target = parseTarget(text);
          if (target === null) expect(text).not.toContain('/');
          else expect(`${target.target}/${target.name}`).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ExhibitError);
        }
      }),
    );
  });
});
