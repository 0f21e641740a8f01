import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimedVolume } from './volume-claims.js';

const claimRef = { namespace: 'shop', name: 'data' };
const ID = 'vol-0123456789abcdef0';
const affinity = (key: string, zone: string) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: [zone] }] }] },
});

describe('the volume behind a claim', () => {
  it.each([
    ['in-tree, with its zone', { awsElasticBlockStore: { volumeID: `aws://eu-central-1a/${ID}` } }, 'eu-central-1'],
    ['in-tree, bare', { awsElasticBlockStore: { volumeID: ID } }, null],
    ['of the CSI driver', { csi: { driver: 'ebs.csi.aws.com', volumeHandle: ID } }, null],
    [
      'of the CSI driver, with its zone',
      {
        csi: { driver: 'ebs.csi.aws.com', volumeHandle: ID },
        nodeAffinity: affinity('topology.ebs.csi.aws.com/zone', 'us-gov-west-1b'),
      },
      'us-gov-west-1',
    ],
  ])('%s', (_what, spec, region) => {
    expect(claimedVolume({ spec: { ...spec, claimRef } })).toMatchObject({ claim: 'shop/data', ebs: ID, region });
  });

  it.each([
    { csi: { driver: 'efs.csi.aws.com', volumeHandle: ID } },
    { csi: { driver: 'ebs.csi.aws.com', volumeHandle: `${ID} --x` } },
    { awsElasticBlockStore: { volumeID: `aws://../${ID}` } },
    { nfs: { server: 'x' } },
  ])('is none of EBS: %j', (spec) => {
    expect(claimedVolume({ spec }).ebs).toBeNull();
  });

  it('is read out of anything without failing', () => {
    fc.assert(
      fc.property(fc.anything(), (object) => {
        const { ebs, region } = claimedVolume(object);
        expect(ebs === null || /^vol-[0-9a-f]+$/.test(ebs)).toBe(true);
        expect(region === null || /^[a-z0-9-]+$/.test(region)).toBe(true);
      }),
    );
  });
});
