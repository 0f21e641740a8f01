import { ExhibitError } from '../../model/errors.js';
import type { CloudInstance } from '../../ports/platform.js';
import type { SnapshotSource, SourceVolume } from './snapshot-source.js';
import { tagsLeftText } from './tags-to-copy.js';

export interface Choice {
  readonly node: string;
  /** Each an id, a device or a claim (`NAMESPACE/NAME`). */
  readonly exclude: readonly string[];
  /** EBS volume to claim; `null` = the claims could not be read. */
  readonly claims: ReadonlyMap<string, string> | null;
}

function isNamed({ id, deviceName, claim }: SourceVolume, name: string): boolean {
  return name === id || name === deviceName || (claim !== null && name === claim);
}

function invalid(what: string, { node }: Choice, volumes: readonly SourceVolume[]): ExhibitError {
  const names = volumes.map(({ id, deviceName, claim }) => [id, deviceName, claim ?? ''].join(' ').trim());
  return new ExhibitError('USAGE_INVALID', what, {
    subject: `node ${node}`,
    hints: [`The volumes are: ${names.join('; ')}`, `exhibit snapshot node ${node} --dry-run`],
    safe: 'Nothing was changed.',
  });
}

/** The volumes of a machine, taken or left by name. Throws `USAGE_INVALID` for a name that fits none, and when none remains. */
export function chooseVolumes(instance: CloudInstance, choice: Choice): SnapshotSource {
  const { node, exclude, claims } = choice;
  const volumes = instance.volumes.map(({ deleteOnTermination: _kept, ...volume }): SourceVolume => ({
    ...volume,
    claim: claims?.get(volume.id) ?? null,
  }));
  const unknown = exclude.find((name) => !volumes.some((volume) => isNamed(volume, name)));
  if (unknown !== undefined) throw invalid(`no volume of the machine is ${unknown}`, choice, volumes);
  const isLeft = (volume: SourceVolume): boolean => exclude.some((name) => isNamed(volume, name));
  const wanted = volumes.filter((volume) => !isLeft(volume));
  if (wanted.length === 0 && volumes.length > 0) throw invalid('every volume was left out', choice, volumes);
  const noClaims = claims === null ? ['to which claims the volumes belong could not be read from the cluster'] : [];
  return {
    ...{ account: instance.account, region: instance.region, node, instance: instance.id },
    ...{ wanted, left: volumes.filter(isLeft), instanceStores: instance.instanceStores },
    gaps: [...instance.gaps, ...noClaims, ...tagsLeftText(wanted, true)],
  };
}
