import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHeldElsewhere, parseKeyReference } from './key-reference.js';

const places = { keysDirectory: '/keys', workingDirectory: '/work', homeDirectory: '/home/ann' };
const parse = (key: string) => parseKeyReference(key, places);

describe('parseKeyReference', () => {
  it.each([
    ['default', { kind: 'file', path: '/keys/default' }],
    ['./key', { kind: 'file', path: '/work/key' }],
    ['/k/key', { kind: 'file', path: '/k/key' }],
    ['agent:id.pub', { kind: 'agent', publicKeyPath: '/work/id.pub' }],
    ['agent:/k/id.pub', { kind: 'agent', publicKeyPath: '/k/id.pub' }],
    ['agent:~/.ssh/id.pub', { kind: 'agent', publicKeyPath: '/home/ann/.ssh/id.pub' }],
    ['awskms:alias/evidence', { kind: 'awskms', keyId: 'alias/evidence' }],
    ['awskms:arn:aws:kms:eu-central-1:1:key/2', { kind: 'awskms', keyId: 'arn:aws:kms:eu-central-1:1:key/2' }],
  ])('reads %s', (key, reference) => {
    expect(parse(key)).toEqual(reference);
    expect(isHeldElsewhere(key)).toBe(reference.kind !== 'file');
  });

  it.each(['', '..', 'Key', 'key.pub', 'agent:', 'awskms:', 'gcpkms:key', '-f'])('refuses %j', (key) => {
    expect(() => parse(key)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });

  it('never leaves the folder of keys by a name', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 70 }), (key) => {
        fc.pre(!key.includes('/') && !isHeldElsewhere(key));
        try {
          expect(parse(key)).toEqual({ kind: 'file', path: `/keys/${key}` });
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE_INVALID' });
        }
      }),
    );
  });
});
