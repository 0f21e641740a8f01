import { describe, expect, it } from 'vitest';
import { isVanishing } from './collect-parts.js';

const SUSPECTS = [{ namespace: 'shop', name: 'cart' }];

describe('what vanishes with the suspects', () => {
  it.each([
    ...['events/core/shop', 'events/events.k8s.io/default', 'objects/core.v1.pods/shop', 'objects/core.v1.nodes'],
    ...['objects/apps.v1.replicasets/shop', 'objects/batch.v1.jobs/shop', 'pod-logs/shop/cart.0a1b/app/previous'],
  ])('is %s', (artifact) => {
    expect(isVanishing({ artifact }, SUSPECTS)).toBe(true);
  });

  it.each([
    ...['events/core/kube-system', 'objects/core.v1.pods/kube-system', 'objects/core.v1.secrets/shop'],
    ...['objects/evil.v1.pods/shop', 'pod-logs/shop/cart.0a1b/app/current', 'pod-logs/shop/cartel.0a1b/app/previous'],
    ...['pod-logs/other/cart.0a1b/app/previous', 'node-state/node1', ''],
  ])('is not %s', (artifact) => {
    expect(isVanishing({ artifact }, SUSPECTS)).toBe(false);
  });
});
