import { describe, expect, it } from 'vitest';
import { managedBy } from './managed-by.js';

describe('who may replace a machine', () => {
  it.each([
    [{ 'karpenter.sh/nodepool': 'default' }, false, 'karpenter'],
    [{ 'karpenter.sh/provisioner-name': 'default' }, false, 'karpenter'],
    [{ 'eks:nodegroup-name': 'workers' }, true, 'managed-node-group'],
    [{ Name: 'karpenter' }, true, 'scaling-group'],
    [{}, false, 'none'],
  ])('%j, in a scaling group: %s', (tags, isInGroup, who) => {
    expect(managedBy(tags, isInGroup)).toBe(who);
  });
});
