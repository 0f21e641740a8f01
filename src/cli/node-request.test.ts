import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NODE_RATE_BYTES_PER_SECOND, NO_SSH } from '../model/node-settings.js';
import { nodeRequestOf, parseSshDestination } from './node-request.js';

describe('an ssh destination', () => {
  it.each([
    ['n1=admin@10.0.0.3:2222', { node: 'n1', user: 'admin', host: '10.0.0.3', port: 2222 }],
    ['n1=bastion', { node: 'n1', user: null, host: 'bastion', port: null }],
    ['n1=root@[fe80::1%eth0]:22', { node: 'n1', user: 'root', host: 'fe80::1%eth0', port: 22 }],
    [
      'ip-10-0-0-3.ec2.internal=ec2-user@host.example',
      { node: 'ip-10-0-0-3.ec2.internal', user: 'ec2-user', host: 'host.example', port: null },
    ],
    ['admin@host', { node: 'only', user: 'admin', host: 'host', port: null }],
  ])('is read from %s', (text, destination) => {
    expect(parseSshDestination(text, 'only')).toEqual(destination);
  });

  it.each([
    'n1=',
    'n1=-oProxyCommand=touch',
    'n1=a@-b',
    'n1=-a@b',
    'n1=a@b:0',
    'n1=a@b:65536',
    'n1=a@b:22:22',
    'n1=a b',
    'n1=a@b\n',
    'n1=::1',
    'n1=[::1',
    'n1=$(id)',
    '=a@b',
  ])('is refused: %j', (text) => {
    expect(() => parseSshDestination(text, 'only')).toThrow(
      expect.objectContaining({ code: 'USAGE_INVALID' }) as Error,
    );
  });

  it('needs the name of its node where more than one is named', () => {
    expect(() => parseSshDestination('admin@host', undefined)).toThrow('NODE=');
    expect(() => nodeRequestOf({ node: ['a', 'b'], ssh: ['admin@host'] }, '/')).toThrow('NODE=');
  });

  it('never becomes an option of ssh, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          const { user, host } = parseSshDestination(text, 'only');
          return !host.startsWith('-') && user?.startsWith('-') !== true && !/[\s'"$`\\;&|<>]/.test(host);
        } catch {
          return true;
        }
      }),
    );
    expect(() => parseSshDestination('-v', 'only')).toThrow();
  });
});

describe('what is asked of nodes', () => {
  it('is nothing unless it is said', () => {
    expect(nodeRequestOf({ node: undefined }, '/')).toEqual({
      nodeAccess: [],
      nodeRateBytesPerSecond: NODE_RATE_BYTES_PER_SECOND,
      ssh: NO_SSH,
    });
  });

  it('keeps paths whole for a resume from elsewhere', () => {
    const { ssh } = nodeRequestOf({ 'node': ['a'], 'ssh-config': 'c', 'ssh-known-hosts': '/k' }, '/work');
    expect([ssh.configFile, ssh.knownHostsFile]).toEqual(['/work/c', '/k']);
  });

  it.each([
    ['10Mi', 10 * 1024 * 1024],
    ['unlimited', null],
  ])('reads the rate %s', (text, rate) => {
    expect(nodeRequestOf({ 'node': [], 'node-rate': text }, '/').nodeRateBytesPerSecond).toBe(rate);
  });

  it.each([{ 'node-rate': '0' }, { 'node-rate': 'fast' }, { 'ssh-user': '-l' }, { 'ssh-user': 'a b' }])(
    'refuses %j',
    (flags) => {
      expect(() => nodeRequestOf({ node: [], ...flags }, '/')).toThrow(
        expect.objectContaining({ code: 'USAGE_INVALID' }) as Error,
      );
    },
  );
});
