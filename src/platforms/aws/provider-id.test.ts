import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../../model/errors.js';
import { parseProviderId } from './provider-id.js';

describe('spec.providerID of a node', () => {
  it.each([
    ['aws:///eu-central-1a/i-0123456789abcdef0', 'eu-central-1', 'i-0123456789abcdef0'],
    ['aws:///us-east-1f/i-0abc1234', 'us-east-1', 'i-0abc1234'],
    ['aws:///us-gov-west-1a/i-0123456789abcdef0', 'us-gov-west-1', 'i-0123456789abcdef0'],
    ['aws:///ap-southeast-2b/i-0123456789abcdef0', 'ap-southeast-2', 'i-0123456789abcdef0'],
    ['aws:///us-west-2-lax-1a/i-0123456789abcdef0', 'us-west-2', 'i-0123456789abcdef0'],
    ['aws:///us-east-1-wl1-bos-wlz-1/i-0123456789abcdef0', 'us-east-1', 'i-0123456789abcdef0'],
    ['aws:///cn-north-1a/i-0123456789abcdef0', 'cn-north-1', 'i-0123456789abcdef0'],
  ])('%s', (providerId, region, instanceId) => {
    const [, , , zone] = providerId.split('/');
    expect(parseProviderId('n', providerId)).toEqual({ region, zone, instanceId });
  });

  it.each([
    ['', 'its spec.providerID is empty'],
    ['gce://project/europe-west1-b/gke-node-1', 'of another cloud, gce'],
    ['azure:///subscriptions/x/virtualMachines/0', 'of another cloud, azure'],
    ['aws:///eu-central-1a/8b2d0a1f/fargate-ip-10-0-0-1.eu-central-1.compute.internal', 'of Fargate'],
    ['aws:///eu-central-1a/fargate-10.0.0.1', 'of Fargate'],
    ['aws:///eu-central-1a/i-XYZ', 'names no instance of EC2'],
    ['aws:////i-0123456789abcdef0', 'names no instance of EC2'],
    ['aws:///eu-central/i-0123456789abcdef0', 'names no instance of EC2'],
    ['i-0123456789abcdef0', 'names no instance of EC2'],
    ['aws:///eu-central-1a/i-0123456789abcdef0\n', 'names no instance of EC2'],
    ['aws:///eu-central-1a/i-0123456789abcdef0/../i-1', 'names no instance of EC2'],
  ])('refuses %j', (providerId, reason) => {
    expect(() => parseProviderId('n', providerId)).toThrow(reason);
  });

  it('is an instance, or an error whose text no terminal obeys', () => {
    const parts = fc.constantFrom('aws:///', 'eu-central-1a', '/', 'i-0123456789abcdef0', 'gce://', '\u001b[2J', '\n');
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.array(parts, { maxLength: 6 }).map((some) => some.join('')),
    );
    fc.assert(
      fc.property(text, (providerId) => {
        try {
          const { zone, instanceId, region } = parseProviderId('n', providerId);
          expect(providerId).toBe(`aws:///${zone}/${instanceId}`);
          expect(zone.startsWith(region)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ExhibitError);
          expect(error).toMatchObject({ code: 'PLATFORM_UNSUITABLE' });
          expect((error as ExhibitError).message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
      }),
    );
  });
});
