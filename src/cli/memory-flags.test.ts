import { describe, expect, it } from 'vitest';
import { disclosuresOf } from '../workflows/disclosures.js';
import { memoryRequestOf } from './memory-flags.js';

const node = { name: 'n', uid: '', machineId: '', ready: true };

describe('what takes memory', () => {
  it('is nothing unless it was asked for', () => {
    expect(memoryRequestOf({}, null)).toEqual({ collectors: [], limits: {} });
    expect(disclosuresOf({ limits: { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1 } })).toEqual([]);
  });

  it('names its collectors, whatever the profile says, and what it discloses', () => {
    const request = memoryRequestOf(
      { 'checkpoint': ['shop/web', 'shop/web-1.x/app'], 'memory': true, 'node-access': ['ssh'] },
      null,
    );
    expect(request.collectors).toEqual(['checkpoint', 'node-memory']);
    expect(request.limits).toEqual({ checkpoints: ['shop/web', 'shop/web-1.x/app'], memory: true });
    const limits = { maxLogBytes: null, sinceTime: null, idleTimeoutMs: 1, ...request.limits };
    const text = disclosuresOf({ limits }).join('\n');
    for (const word of ['shop/web-1.x/app', 'all memory', 'every secret', 'frozen', 'a file is written', 'encrypted'])
      expect(text).toContain(word);
  });

  it('is refused where it could not work, before anything is done', () => {
    const invalid = expect.objectContaining({ code: 'USAGE_INVALID' }) as Error;
    const ways = { 'node-access': ['ssh'] } as const;
    for (const checkpoint of ['web', 'shop/', '/web', 'shop/web/app/x', 'shop/../web', 'Shop/web', 'shop/we b'])
      expect(() => memoryRequestOf({ ...ways, checkpoint: [checkpoint] }, null)).toThrow(invalid);
    expect(() => memoryRequestOf({ checkpoint: ['shop/web'] }, null)).toThrow(invalid);
    expect(() => memoryRequestOf({ ...ways, checkpoint: ['shop/web'] }, { from: 'this-machine', node })).toThrow(
      invalid,
    );
    expect(() => memoryRequestOf({ memory: true }, null)).toThrow(invalid);
    expect(() => memoryRequestOf({ memory: true }, { from: 'disk', path: '/mnt', node })).toThrow(invalid);
    expect(memoryRequestOf({ memory: true }, { from: 'this-machine', node }).collectors).toEqual(['node-memory']);
  });
});
