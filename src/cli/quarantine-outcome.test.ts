import { describe, expect, it } from 'vitest';
import { quarantineCommand } from './quarantine-outcome.js';

describe('the command that goes on with a containment', () => {
  it('has every flag without which it would be refused', () => {
    const flags = {
      ...{ suspect: ['owner=shop/Deployment/cart'], skip: ['taint'] },
      ...{ 'allow-node': ['cp-1', 'cp 2'], 'max-nodes': 2, 'level': 'hold' },
    };
    expect(quarantineCommand({ target: 'pod', names: [], flags })).toBe(
      "exhibit quarantine pod --suspect=owner=shop/Deployment/cart --skip=taint --allow-node=cp-1 '--allow-node=cp 2' --max-nodes=2",
    );
  });

  it('has the switches: without them it would be another containment', () => {
    const flags = { 'suspend-scaling': true, 'shift-others': true };
    expect(quarantineCommand({ target: 'node', names: ['w'], flags })).toBe(
      'exhibit quarantine node w --suspend-scaling --shift-others',
    );
    const off = { 'suspend-scaling': false, 'shift-others': false };
    expect(quarantineCommand({ target: 'node', names: ['w'], flags: off })).toBe('exhibit quarantine node w');
  });

  it('is short where nothing was said, and where the flags could not be read', () => {
    const flags = { 'max-nodes': 1 };
    expect(quarantineCommand({ target: 'pod', names: ['shop/cart'], flags })).toBe('exhibit quarantine pod shop/cart');
    expect(quarantineCommand({ target: 'node', names: ['w'], flags: undefined })).toBe('exhibit quarantine node w');
  });
});
