import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deniesEverything, effectivePolicy } from './effective-policy.js';
import { keysOf, labelsOf, selects } from './label-selector.js';

const policy = (name: string, spec: Record<string, unknown>) => ({ metadata: { name }, spec });
const DENY = policy('deny', {
  podSelector: { matchLabels: { held: 'yes' } },
  policyTypes: ['Ingress', 'Egress'],
});
const LABELS = { held: 'yes', app: 'web' };

const key = fc.constantFrom('held', 'app', 'tier', '__proto__', '');
const value = fc.constantFrom('yes', 'web', 'no', '');
const labels = fc.dictionary(key, value);
const expression = fc.record({
  key,
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
  values: fc.array(value, { maxLength: 3 }),
});
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 3 }) },
  { requiredKeys: [] },
);
const rules = fc.array(fc.constant({}), { maxLength: 2 });
const anyPolicy = fc
  .record(
    {
      podSelector: selector,
      policyTypes: fc.subarray(['Ingress', 'Egress']),
      ingress: rules,
      egress: rules,
    },
    { requiredKeys: ['podSelector'] },
  )
  .chain((spec) => fc.constantFrom('a', 'b', 'c').map((name) => policy(name, spec)));

describe('the policies that hold for a pod', () => {
  it('deny everything when one selects it for both directions and none allows anything', () => {
    const effective = effectivePolicy(LABELS, [DENY]);
    expect(effective).toEqual({
      selectedBy: ['deny'],
      ingress: { isRestricted: true, allowedBy: [] },
      egress: { isRestricted: true, allowedBy: [] },
    });
    expect(deniesEverything(effective)).toBe(true);
    expect(deniesEverything(effectivePolicy({ app: 'web' }, [DENY]))).toBe(false);
  });

  it('let through what another one of the namespace allows, and name it', () => {
    const all = policy('allow-all', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] });
    const effective = effectivePolicy(LABELS, [DENY, all]);
    expect(effective.ingress).toEqual({ isRestricted: true, allowedBy: ['allow-all'] });
    expect(effective.egress.allowedBy).toEqual([]);
    expect(deniesEverything(effective)).toBe(false);
  });

  it('are for ingress when they do not say, and for egress when they have rules for it', () => {
    expect(effectivePolicy({}, [policy('a', { podSelector: {} })])).toMatchObject({
      ingress: { isRestricted: true },
      egress: { isRestricted: false },
    });
    expect(effectivePolicy({}, [policy('a', { podSelector: {}, egress: [{}] })])).toMatchObject({
      egress: { isRestricted: true, allowedBy: ['a'] },
    });
  });

  it('allow no less for one policy more, and no more for one less', () => {
    fc.assert(
      fc.property(labels, fc.array(anyPolicy, { maxLength: 4 }), anyPolicy, (own, policies, more) => {
        const fewer = effectivePolicy(own, policies);
        const all = effectivePolicy(own, [...policies, more]);
        for (const direction of ['ingress', 'egress'] as const) {
          expect(all[direction].allowedBy).toEqual(expect.arrayContaining([...fewer[direction].allowedBy]));
          if (fewer[direction].isRestricted) expect(all[direction].isRestricted).toBe(true);
        }
        if (deniesEverything(all)) expect(all.ingress.allowedBy.concat(all.egress.allowedBy)).toEqual([]);
      }),
    );
  });

  it('do not depend on the order in which they are listed', () => {
    fc.assert(
      fc.property(labels, fc.array(anyPolicy, { maxLength: 4 }), (own, policies) => {
        expect(effectivePolicy(own, policies.toReversed())).toEqual(effectivePolicy(own, policies));
      }),
    );
  });

  it('are computed from anything that a server may send', () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 4 }), fc.anything(), (policies, pod) => {
        expect(effectivePolicy(labelsOf(pod), policies).selectedBy.length).toBeLessThanOrEqual(policies.length);
      }),
    );
  });
});

describe('a label selector', () => {
  it('selects everything when it is empty, and each of its parts can only take away', () => {
    fc.assert(
      fc.property(labels, selector, expression, (own, wanted, more) => {
        expect(selects({}, own)).toBe(true);
        const expressions = [...(wanted.matchExpressions ?? []), more];
        if (selects({ ...wanted, matchExpressions: expressions }, own)) expect(selects(wanted, own)).toBe(true);
      }),
    );
  });

  it('holds for exactly one of an expression and its opposite', () => {
    fc.assert(
      fc.property(labels, key, fc.array(value, { maxLength: 3 }), (own, name, values) => {
        const is = (operator: string) => selects({ matchExpressions: [{ key: name, operator, values }] }, own);
        expect(is('In')).toBe(!is('NotIn'));
        expect(is('Exists')).toBe(!is('DoesNotExist'));
      }),
    );
  });

  it('no longer selects by exact labels or In once its keys are taken away', () => {
    fc.assert(
      fc.property(labels, (own) => {
        fc.pre(Object.keys(own).length > 0);
        const wanted = { matchLabels: own };
        const left = Object.fromEntries(Object.entries(own).filter(([name]) => !keysOf(wanted).includes(name)));
        expect(selects(wanted, own)).toBe(true);
        expect(selects(wanted, left)).toBe(false);
      }),
    );
  });
});
