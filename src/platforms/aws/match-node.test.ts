import type { Instance } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertMachineOf, isEc2Uuid } from './match-node.js';

const MACHINE = { region: 'eu-central-1', zone: 'eu-central-1a', instanceId: 'i-0123456789abcdef0' };
const NODE = { node: 'w', providerId: '', systemUuid: 'ec2f0a1b-0000-4000-8000-000000000001', addresses: ['10.0.0.5'] };
const INSTANCE: Instance = {
  InstanceId: MACHINE.instanceId,
  State: { Name: 'running' },
  Placement: { AvailabilityZone: MACHINE.zone },
  PrivateIpAddress: '10.0.0.5',
  NetworkInterfaces: [
    {
      PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.5' }, { PrivateIpAddress: '10.0.0.77' }],
      Ipv6Addresses: [{ Ipv6Address: '2001:db8::1' }],
    },
  ],
};

describe('whether an instance is the machine of a node', () => {
  it.each([[['10.0.0.5']], [['10.0.0.77', 'w.example']], [['2001:0DB8:0:0:0:0:0:1']], [['192.0.2.1', '10.0.0.5']]])(
    'is one that has an address of it: %j',
    (addresses) => {
      expect(assertMachineOf({ ...NODE, addresses }, MACHINE, INSTANCE)).toEqual([]);
    },
  );

  it.each<readonly [string, object, Instance, string]>([
    ['has no address of it', { addresses: ['10.0.0.6'] }, INSTANCE, 'TARGET_REPLACED'],
    ['has a name alone of it', { addresses: ['10.0.0.6', '10.0.0.5.example'] }, INSTANCE, 'TARGET_REPLACED'],
    ['is elsewhere', {}, { ...INSTANCE, Placement: { AvailabilityZone: 'eu-central-1b' } }, 'TARGET_REPLACED'],
    ['is ended', {}, { ...INSTANCE, State: { Name: 'terminated' } }, 'TARGET_GONE'],
    ['is being ended', {}, { ...INSTANCE, State: { Name: 'shutting-down' } }, 'TARGET_GONE'],
  ])('is none that %s', (_, fields, instance, code) => {
    expect(() => assertMachineOf({ ...NODE, ...fields }, MACHINE, instance)).toThrow(expect.objectContaining({ code }));
  });

  it('says what it could not compare', () => {
    expect(assertMachineOf({ ...NODE, addresses: [] }, MACHINE, INSTANCE)).toHaveLength(1);
    expect(assertMachineOf({ ...NODE, systemUuid: '' }, MACHINE, INSTANCE)).toHaveLength(1);
    expect(assertMachineOf(NODE, MACHINE, { ...INSTANCE, Placement: {} })).toHaveLength(1);
  });
});

describe('a system UUID of EC2', () => {
  it.each([
    ['ec2f0a1b-0000-4000-8000-000000000001', true],
    ['EC2F0A1B-0000-4000-8000-000000000001', true],
    // As AWS documents the other byte order.
    ['45E12AEC-DCD1-B213-94ED-01234567890A', true],
    ['4c4c4544-0000-2010-8000-000000000001', false],
    ['ec2', false],
    ['', false],
  ])('%s: %s', (uuid, isOne) => {
    expect(isEc2Uuid(uuid)).toBe(isOne);
  });

  it('is the same in either byte order', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const ours = `ec2${uuid.slice(3)}`;
        const [first = '', second = '', third = '', ...rest] = ours.split('-');
        const swap = (text: string): string => (text.match(/../g) ?? []).reverse().join('');
        const swapped = [swap(first), swap(second), swap(third), ...rest].join('-');
        expect([isEc2Uuid(ours), isEc2Uuid(swapped)]).toEqual([true, true]);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => typeof isEc2Uuid(text) === 'boolean'));
  });
});
