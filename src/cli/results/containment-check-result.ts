import { z } from 'zod';

const places = z.array(z.string()).readonly();
const end = z.strictObject({ address: z.string(), port: z.int() });
const probePlace = z.strictObject({
  who: z.enum(['suspect', 'uncontained', 'named']),
  address: z.string(),
  port: z.int(),
});

/** One look at a containment. */
export const containmentCheckResult = z.strictObject({
  /** Seconds after the last step for which it was asked; 0 = at once. */
  afterSeconds: z.int(),
  at: z.string(),
  /** Steps that were done and did not hold. */
  lost: z
    .array(z.strictObject({ step: z.int(), name: z.string(), subject: z.string(), state: z.string(), now: z.json() }))
    .readonly(),
  /** What all NetworkPolicies together say of each suspect, by its labels at that time. */
  policies: z
    .array(
      z.strictObject({
        pod: z.string(),
        /** Why nothing is known; `null` = it is. */
        unknown: z.string().nullable(),
        gone: z.boolean(),
        hostNetwork: z.boolean(),
        ingressAllowedBy: places,
        egressAllowedBy: places,
        /** Directions that no policy restricts. */
        unrestricted: z.array(z.enum(['ingress', 'egress'])).readonly(),
      }),
    )
    .readonly(),
  /** Policies of other kinds that are there and were not evaluated. */
  unevaluated: places,
  /** `through`: the connection was made; `answered`: by something else than our listener; `denied`: refused, unreachable, silent. */
  probes: z
    .array(
      z.strictObject({
        pod: z.string(),
        kind: z.enum(['egress', 'ingress', 'control']),
        from: probePlace,
        to: probePlace,
        result: z.enum(['through', 'answered', 'denied', 'unknown']),
        detail: z.string(),
        at: z.string(),
        /** It is expected to stay reachable, and counts neither way. */
        mayPass: z.boolean(),
        /** A probe and its controls have the same one. */
        target: z.string(),
      }),
    )
    .readonly(),
  /** Established TCP connections of the suspects with other machines; `null` = not known. */
  flows: z
    .array(z.strictObject({ pod: z.string(), namespace: z.string(), local: end, remote: end }))
    .readonly()
    .nullable(),
  notProbed: places,
});
