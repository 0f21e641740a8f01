import { describe, expect, it } from 'vitest';
import { quarantineCommand } from './quarantine-outcome.js';

describe('the command that goes on with a containment', () => {
  it('has every flag without which it would be refused', () => {
    const flags = {
      ...{ suspect: ['owner=shop/Deployment/cart'], skip: ['taint'] },
      ...{ 'allow-node': ['cp-1', 'cp 2'], 'max-nodes': 2 },
    };
    expect(quarantineCommand({ target: 'pod', name: undefined, flags })).toBe(
      "exhibit quarantine pod --suspect=owner=shop/Deployment/cart --skip=taint --allow-node=cp-1 '--allow-node=cp 2' --max-nodes=2",
    );
  });

  it('is short where nothing was said, and where the flags could not be read', () => {
    const flags = { 'max-nodes': 1 };
    expect(quarantineCommand({ target: 'pod', name: 'shop/cart', flags })).toBe('exhibit quarantine pod shop/cart');
    expect(quarantineCommand({ target: 'node', name: 'w', flags: undefined })).toBe('exhibit quarantine node w');
  });
});
