import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { controllerOf, isSuspect, parseSuspect, type SuspectSelector } from './suspect-selector.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const POD = {
  metadata: {
    namespace: 'shop',
    name: 'cart-1',
    labels: { app: 'cart' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart-7d9f', uid: 'u', controller: true }],
  },
  status: { containerStatuses: [{ imageID: `registry.example/cart@${DIGEST}` }] },
};
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: 'd' };

describe('what chooses suspects', () => {
  it.each<[string, SuspectSelector]>([
    ['shop/cart-1', { by: 'name', namespace: 'shop', name: 'cart-1' }],
    ['owner=shop/ReplicaSet/cart-7d9f', { by: 'owner', namespace: 'shop', kind: 'ReplicaSet', name: 'cart-7d9f' }],
    ['owner=shop/Deployment/cart', { by: 'owner', namespace: 'shop', kind: 'Deployment', name: 'cart' }],
    [`image=${DIGEST}`, { by: 'image', digest: DIGEST }],
    ['label=app=cart', { by: 'label', key: 'app', value: 'cart' }],
    ['label=example.com/role=', { by: 'label', key: 'example.com/role', value: '' }],
  ])('%s is understood, and fits the pod that it means', (text, selector) => {
    expect(parseSuspect(text)).toEqual(selector);
    const fits = isSuspect(POD, selector, DEPLOYMENT);
    expect(fits).toBe(!text.startsWith('label=example'));
  });

  it.each(['', 'cart', 'shop/', '/cart', 'a/b/c', 'image=latest', 'image=sha256:ab', 'owner=shop/cart', 'label=app'])(
    '%j is refused, and says what would do',
    (text) => {
      expect(() => parseSuspect(text)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
    },
  );

  it('chooses no pod of another namespace, owner, image or label', () => {
    for (const text of [
      'other/cart-1',
      'owner=other/Deployment/cart',
      'owner=shop/Deployment/web',
      `image=sha256:${'cd'.repeat(32)}`,
      'label=app=web',
    ])
      expect(isSuspect(POD, parseSuspect(text), DEPLOYMENT)).toBe(false);
  });

  it('is refused or understood whatever is typed, and looks at any object without failing', () => {
    fc.assert(
      fc.property(fc.string(), fc.anything(), (text, pod) => {
        let selector: SuspectSelector;
        try {
          selector = parseSuspect(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE_INVALID' });
          return;
        }
        expect(isSuspect(pod, selector, controllerOf(pod))).toBeTypeOf('boolean');
      }),
    );
  });
});
