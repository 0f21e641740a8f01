import { z } from 'zod';

/** Clouds whose machines we know; each is one folder in src/platforms. */
export const cloudSchema = z.enum(['aws']);
export type CloudName = z.infer<typeof cloudSchema>;

/** Kinds of changes to a cloud; each is one file in src/plan/actions, and is looked at and made by the platform. */
export const CLOUD_ACTION_KINDS = [
  'termination-protection',
  'shutdown-behaviour',
  'keep-volume',
  'scale-in-protection',
  'scaling-processes',
  'group-membership',
  'balancer-targets',
  'classic-balancer',
  'quarantine-group',
  'interface-groups',
  'metadata-service',
  'instance-profile',
  'deny-sessions',
] as const;
export type CloudActionKindName = (typeof CLOUD_ACTION_KINDS)[number];

/**
 * A thing of a cloud. `id` is the platform's own: `i-0abc`, `eni-0abc`, the name of a group or role; of a security group that a plan
 * makes, `VPC/NAME`, since its id is not known before.
 */
export const cloudSubjectSchema = z.strictObject({
  cloud: cloudSchema,
  account: z.string(),
  region: z.string(),
  type: z.enum([
    ...['instance', 'network-interface', 'scaling-group-member', 'security-group', 'role'],
    ...['scaling-group', 'target-group', 'classic-balancer'],
  ] as const),
  id: z.string(),
  /** The instance that it is about; the same as `id` for an instance itself. */
  instance: z.string(),
});
export type CloudSubject = z.infer<typeof cloudSubjectSchema>;

/** What each kind of change looks at. `null` stands for what is not there. */
export const cloudViewSchemas = {
  'termination-protection': z.strictObject({ isProtected: z.boolean() }),
  'shutdown-behaviour': z.strictObject({ onShutdown: z.enum(['stop', 'terminate']) }),
  /** DeleteOnTermination of one attached volume. */
  'keep-volume': z.strictObject({ deviceName: z.string(), volumeId: z.string(), deleteOnTermination: z.boolean() }),
  'scale-in-protection': z.strictObject({ group: z.string(), isProtected: z.boolean() }),
  /** Of all processes of a group that may end or replace a machine, those that are suspended; sorted. Others are nobody's business here. */
  'scaling-processes': z.strictObject({ group: z.string(), suspended: z.array(z.string()) }),
  /** `standby` keeps the instance in its group and out of its load balancers; `detached` takes it out for good. */
  'group-membership': z.strictObject({
    group: z.string(),
    state: z.enum(['in-service', 'standby', 'detached', 'other']),
    /** Whether the group wants one instance less afterwards; false = it starts another one. */
    decrementsDesired: z.boolean(),
  }),
  /** `ids` = the machine and its addresses; `targets` = which of them get traffic and where, in the platform's words, sorted. */
  'balancer-targets': z.strictObject({ ids: z.array(z.string()), targets: z.array(z.string()) }),
  'classic-balancer': z.strictObject({ isRegistered: z.boolean() }),
  /** A security group that a plan makes; `null` = there is none. Rules as `tcp 10250 10.0.0.0/16`, sorted; other ones in the platform's words. */
  'quarantine-group': z
    .strictObject({ vpc: z.string(), name: z.string(), ingress: z.array(z.string()), egress: z.array(z.string()) })
    .nullable(),
  /** Ids, sorted; `VPC/NAME` for the group that this plan makes. */
  'interface-groups': z.strictObject({ groups: z.array(z.string()) }),
  'metadata-service': z.strictObject({
    isEnabled: z.boolean(),
    tokens: z.enum(['optional', 'required']),
    hopLimit: z.int(),
  }),
  'instance-profile': z.strictObject({ profileArn: z.string().nullable() }),
  /** Denies the sessions of a role that were issued before an instant, for one instance. `null` = no such policy. */
  'deny-sessions': z
    .strictObject({ policyName: z.string(), instance: z.string(), issuedBeforeAt: z.string() })
    .nullable(),
} as const satisfies Record<CloudActionKindName, z.ZodType>;
export type CloudView<Kind extends CloudActionKindName> = z.infer<(typeof cloudViewSchemas)[Kind]>;

/** `aws i-0abc network-interface eni-0abc` */
export function cloudSubjectName({ cloud, type, id, instance }: CloudSubject): string {
  return `${cloud} ${instance}${id === instance ? '' : ` ${type} ${id}`}`;
}
