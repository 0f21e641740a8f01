import { stringAt } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { pathOf, readNamed } from '../quarantine/read-cluster.js';
import { type ClaimedVolume, claimedVolume } from './volume-claims.js';

/** A claim and the volume behind it. */
export interface ClaimSource extends ClaimedVolume {
  readonly namespace: string;
  readonly name: string;
  readonly claim: string;
}

/** `NAMESPACE/NAME`. Throws `USAGE_INVALID`. */
export function parseClaim(text: string): { readonly namespace: string; readonly name: string } {
  const [, namespace, name] = /^([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new ExhibitError('USAGE_INVALID', `this names no claim: ${text}`, {
    subject: text,
    hints: ['exhibit snapshot pvc shop/cart-data', 'kubectl get persistentvolumeclaims --all-namespaces'],
    safe: 'Nothing was changed.',
  });
}

/** The volume that a claim is bound to, if it says itself that it is of that claim. Throws `TARGET_GONE`, `PLATFORM_UNSUITABLE`. */
export async function claimSource(text: string, reader: ClusterReader): Promise<ClaimSource> {
  const { namespace, name } = parseClaim(text);
  const claim = `${namespace}/${name}`;
  const path = pathOf('', 'namespaces', namespace, 'persistentvolumeclaims', name);
  const object = await readNamed(reader, path, `claim ${claim}`);
  const bound = stringAt(object, 'spec', 'volumeName') ?? '';
  if (bound === '') throw unsuitable('it is bound to no volume yet', claim);
  const volume = claimedVolume(
    await readNamed(reader, pathOf('', 'persistentvolumes', bound), `persistent volume ${bound}`),
  );
  if (volume.claim !== claim)
    throw unsuitable(`its volume ${bound} says that it is of ${volume.claim ?? 'none'}`, claim);
  return { ...volume, namespace, name, claim };
}

function unsuitable(why: string, claim: string): ExhibitError {
  return new ExhibitError('PLATFORM_UNSUITABLE', `no snapshot can be made of the claim: ${why}`, {
    subject: `claim ${claim}`,
    hints: ['kubectl get persistentvolumes'],
    safe: 'Nothing was changed.',
  });
}

/** The EBS volume of a claim and its region. Throws `PLATFORM_UNSUITABLE` for a volume of another driver, `USAGE_INVALID` without a region. */
export function ebsOf(
  { ebs, region, claim, driver }: ClaimSource,
  given: string | undefined,
): { readonly id: string; readonly region: string } {
  if (ebs === null) throw unsuitable(`its driver is ${driver === '' ? 'none that has snapshots' : driver}`, claim);
  const where = given ?? region;
  if (where !== null) return { id: ebs, region: where };
  throw new ExhibitError('USAGE_INVALID', 'the volume of the claim does not say in which region it is', {
    subject: `claim ${claim}`,
    hints: ['Repeat the command with --region NAME'],
    safe: 'Nothing was changed.',
  });
}
