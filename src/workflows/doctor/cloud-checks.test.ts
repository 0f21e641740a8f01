import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../../model/errors.js';
import type { CloudInstance, CloudRight, Platform } from '../../ports/platform.js';
import { cloudChecks } from './cloud-checks.js';

const INSTANCE = {
  ...{ cloud: 'aws', account: '123456789012', region: 'r', zone: 'z', id: 'i-0abc', arn: 'a', state: 'running' },
  ...{ instanceStores: 0, isSpot: false, managedBy: 'none', volumes: [], interfaces: [], gaps: [] },
} as unknown as CloudInstance;
const node = (name: string) => ({ metadata: { name }, spec: { providerID: 'aws:///z/i-0abc' } });

interface World {
  readonly instance?: Partial<CloudInstance> | ExhibitError;
  readonly identity?: ExhibitError;
  readonly rights?: readonly CloudRight[];
}

function platformOf({ instance = {}, identity, rights = [] }: World): Platform {
  return {
    cloud: 'aws',
    identity: () =>
      identity === undefined
        ? Promise.resolve({ account: '123456789012', principal: 'arn:me', clockOffsetMs: 100 })
        : Promise.reject(identity),
    instanceOf: () =>
      instance instanceof ExhibitError ? Promise.reject(instance) : Promise.resolve({ ...INSTANCE, ...instance }),
    rights: () => Promise.resolve(rights),
    close: () => undefined,
  } as unknown as Platform;
}

const seen = async (world: World, nodes: readonly unknown[] = [node('worker')]) =>
  (await cloudChecks({ cloud: 'aws', platform: platformOf(world) }, nodes)).map(({ id, state }) => `${id} ${state}`);

describe('a doctor of a cloud', () => {
  it('asks none that was not asked for', async () => {
    expect(await cloudChecks({ cloud: null, platform: platformOf({}) }, [node('worker')])).toEqual([]);
  });

  it('finds login, machine and rights', async () => {
    expect(await seen({})).toEqual(['cloud-identity works', 'cloud-instance works', 'cloud-rights works']);
  });

  it('stops at a login that does not work, with its code', async () => {
    const identity = new ExhibitError('PLATFORM_UNAUTHENTICATED', 'expired', { hints: ['aws sso login'] });
    const checks = await cloudChecks({ cloud: 'aws', platform: platformOf({ identity }) }, [node('worker')]);
    expect(checks).toMatchObject([
      { id: 'cloud-identity', state: 'fails', code: 'PLATFORM_UNAUTHENTICATED', remedy: 'aws sso login' },
    ]);
  });

  it('says what cannot be kept of a machine', async () => {
    const weak: readonly Partial<CloudInstance>[] = [
      { isSpot: true },
      { instanceStores: 1 },
      { managedBy: 'karpenter' },
      { gaps: ['profile'] },
      { state: 'stopping' },
    ];
    for (const instance of weak) expect((await seen({ instance }))[1]).toBe('cloud-instance degraded');
  });

  it('names a node that is of no machine of that cloud, and goes on with the others', async () => {
    const instance = new ExhibitError('PLATFORM_UNSUITABLE', 'another cloud');
    expect(await seen({ instance }, [node('a'), node('b')])).toEqual([
      'cloud-identity works',
      'cloud-instance fails',
      'cloud-instance fails',
    ]);
  });

  it('fails where a right is missing, and says what cannot be asked about', async () => {
    const right = (action: string, allowed: boolean | null): CloudRight => ({ action, allowed, detail: '' });
    expect((await seen({ rights: [right('ec2:A', false)] }))[2]).toBe('cloud-rights fails');
    const platform = platformOf({ rights: [right('ec2:A', true), right('ec2:B', null)] });
    const [, , rights] = await cloudChecks({ cloud: 'aws', platform }, [node('worker')]);
    expect(rights).toMatchObject({ state: 'degraded', reason: '1 are there; cannot be asked about: ec2:B' });
  });

  it('calls rights working only when each of them is known', async () => {
    const right = (allowed: boolean | null): CloudRight => ({ action: 'ec2:A', allowed, detail: '' });
    expect((await seen({ rights: [right(null)] }))[2]).toBe('cloud-rights degraded');
    expect((await seen({ rights: [right(true)] }))[2]).toBe('cloud-rights works');
  });

  it('looks at three machines and says that there are more', async () => {
    const checks = await seen({}, ['a', 'b', 'c', 'd'].map(node));
    expect(checks.filter((one) => one === 'cloud-instance works')).toHaveLength(3);
    expect(checks.at(-1)).toBe('cloud-instance unknown');
  });
});
