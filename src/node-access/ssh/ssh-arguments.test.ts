import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_SSH } from '../../model/node-settings.js';
import { destinationOf, shellQuoted, sshArguments } from './ssh-arguments.js';

const destination = { node: 'n', user: 'admin', host: '10.0.0.3', port: 22 };
const control = { path: '/tmp/x/c', master: false };

describe('the arguments of ssh', () => {
  it('ask nobody, trust no new key and forward nothing, and end with the destination', () => {
    const args = sshArguments(destination, { ...NO_SSH, knownHostsFile: '/k %h' }, control);
    expect(args.slice(-6)).toEqual(['-l', 'admin', '-p', '22', '--', '10.0.0.3']);
    for (const option of [
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      'ForwardAgent=no',
      'UserKnownHostsFile="/k %%h"',
    ])
      expect(args).toContain(option);
  });

  it('refuse a path that would end its quotes', () => {
    expect(() => sshArguments(destination, { ...NO_SSH, knownHostsFile: '/k" /etc/other' }, control)).toThrow('quotes');
  });
});

describe('a word of a command line', () => {
  it('comes out of a shell as it went in', () => {
    const word = fc
      .string({ unit: 'binary' })
      .map((text) => Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const line = `printf '%s\\0' ${words.map(shellQuoted).join(' ')}`;
        const { stdout } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
        return stdout === words.map((text) => `${text}\0`).join('');
      }),
      { numRuns: 50 },
    );
    expect(shellQuoted("a'b")).toBe(`'a'\\''b'`);
  });
});

describe('where ssh goes', () => {
  const node = { name: 'n', uid: '', machineId: '', ready: true };
  const byAddress = { ...NO_SSH, internalIpUser: 'admin' };

  it('is what was said, before the address of the Node object', () => {
    expect(destinationOf({ ...node, internalIp: '10.9.9.9' }, { ...byAddress, destinations: [destination] })).toBe(
      destination,
    );
    expect(destinationOf({ ...node, internalIp: '10.9.9.9' }, byAddress)).toMatchObject({
      user: 'admin',
      host: '10.9.9.9',
    });
  });

  it.each([undefined, '', '-oProxyCommand=x', 'host.example', '10.0.0.1 -v', '1'.repeat(46)])(
    'is nowhere when the Node object gives %j for an address',
    (internalIp) => {
      expect(destinationOf({ ...node, ...(internalIp === undefined ? {} : { internalIp }) }, byAddress)).toBeNull();
    },
  );

  it('is nowhere when nobody asked for addresses', () => {
    expect(destinationOf({ ...node, internalIp: '10.9.9.9' }, NO_SSH)).toBeNull();
  });
});
