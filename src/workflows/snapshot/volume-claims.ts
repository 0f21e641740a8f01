import { arrayAt, stringAt } from '../../lib/untyped.js';

/** A PersistentVolume as far as snapshots need it; untrusted. */
export interface ClaimedVolume {
  /** `NAMESPACE/NAME`; `null` = it is bound to none. */
  readonly claim: string | null;
  readonly driver: string;
  /** The EBS volume; `null` = of another driver. */
  readonly ebs: string | null;
  /** The region of its zone; `null` = it does not say. */
  readonly region: string | null;
}

const EBS_DRIVER = 'ebs.csi.aws.com';
const VOLUME = /^(?:aws:\/\/(?<zone>[a-z0-9-]{0,40})\/)?(?<id>vol-(?:[0-9a-f]{8}|[0-9a-f]{17}))$/;
const REGION_OF_ZONE = /^([a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2})/;
const ZONE_LABELS = [
  'topology.ebs.csi.aws.com/zone',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/zone',
];

/** `eu-central-1` of `eu-central-1a`; `null` = it is no zone of AWS. */
export function regionOfZone(zone: string): string | null {
  return REGION_OF_ZONE.exec(zone)?.[1] ?? null;
}

function zonesOf(volume: unknown): readonly string[] {
  const terms = arrayAt(volume, 'spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  const expressions = terms.flatMap((term) => arrayAt(term, 'matchExpressions'));
  const ofZones = expressions.filter((one) => ZONE_LABELS.includes(stringAt(one, 'key') ?? ''));
  const inAffinity = ofZones.flatMap((one) => arrayAt(one, 'values')).filter((value) => typeof value === 'string');
  const labels = ZONE_LABELS.flatMap((label) => stringAt(volume, 'metadata', 'labels', label) ?? []);
  return [...inAffinity, ...labels];
}

function claimOf(volume: unknown): string | null {
  const namespace = stringAt(volume, 'spec', 'claimRef', 'namespace');
  const name = stringAt(volume, 'spec', 'claimRef', 'name');
  return namespace === undefined || name === undefined ? null : `${namespace}/${name}`;
}

/** A PersistentVolume of the in-tree kind, of EBS's CSI driver, or of any other. */
export function claimedVolume(volume: unknown): ClaimedVolume {
  const inTree = stringAt(volume, 'spec', 'awsElasticBlockStore', 'volumeID');
  const driver = stringAt(volume, 'spec', 'csi', 'driver') ?? '';
  const handle = inTree ?? (driver === EBS_DRIVER ? stringAt(volume, 'spec', 'csi', 'volumeHandle') : undefined);
  const { id, zone } = VOLUME.exec(handle ?? '')?.groups ?? {};
  const zones = [...(zone === undefined ? [] : [zone]), ...zonesOf(volume)];
  return {
    claim: claimOf(volume),
    driver: inTree === undefined ? driver : 'kubernetes.io/aws-ebs',
    ebs: id ?? null,
    region: zones.flatMap((one) => regionOfZone(one) ?? [])[0] ?? null,
  };
}
