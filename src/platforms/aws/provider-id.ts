import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { ExhibitError } from '../../model/errors.js';

export interface AwsMachine {
  readonly region: string;
  readonly zone: string;
  readonly instanceId: string;
}

const INSTANCE = /^aws:\/\/\/([a-z0-9-]{4,40})\/(i-(?:[0-9a-f]{8}|[0-9a-f]{17}))$/;
/** Of a zone, a local zone (`us-west-2-lax-1a`) or a wavelength zone (`us-east-1-wl1-bos-wlz-1`). */
const REGION = /^([a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2})(?:[a-z]|-[a-z0-9-]{2,24})$/;
const FARGATE = /^aws:\/\/\/[a-z0-9-]{4,40}\/(?:[0-9a-f-]{1,64}\/)?fargate-/;

const HINTS = ['exhibit quarantine node NAME --dry-run'];

/**
 * The `spec.providerID` of a node of AWS: `aws:///eu-central-1a/i-0123456789abcdef0`. Throws `PLATFORM_UNSUITABLE` for a node of another
 * cloud or of none, of Fargate, and for anything else.
 */
export function parseProviderId(node: string, providerId: string): AwsMachine {
  const [, zone, instanceId] = INSTANCE.exec(providerId) ?? [];
  const region = zone === undefined ? undefined : REGION.exec(zone)?.[1];
  if (zone !== undefined && instanceId !== undefined && region !== undefined) return { region, zone, instanceId };
  throw new ExhibitError('PLATFORM_UNSUITABLE', reasonFor(providerId), { subject: `node ${node}`, hints: HINTS });
}

function reasonFor(providerId: string): string {
  if (providerId === '') return 'the node names no machine of a cloud: its spec.providerID is empty';
  if (FARGATE.test(providerId)) return 'the node is of Fargate, whose machines are not to be had';
  const other = /^([a-z][a-z0-9+.-]{0,30}):\/\//.exec(providerId)?.[1];
  const shown = escapeForTerminal(providerId, 120);
  return other === undefined || other === 'aws'
    ? `the node's spec.providerID names no instance of EC2: ${shown}`
    : `the node is of another cloud, ${other}: ${shown}`;
}
