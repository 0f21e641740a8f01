/** By the beginning of the name of a region; others are in `aws`. */
const PARTITIONS = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
] as const;

/** `arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc` */
export function arnOf({ service, region, account, resource }: Readonly<Record<Part, string>>): string {
  const partition = PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws';
  return ['arn', partition, service, region, account, resource].join(':');
}

type Part = 'service' | 'region' | 'account' | 'resource';
