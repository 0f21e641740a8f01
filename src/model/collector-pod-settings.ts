import { z } from 'zod';

/** `registry/name@sha256:...`: what this names can never be anything else. */
const PINNED = /^[^\s@]+@sha256:[0-9a-f]{64}$/;

/** What the collector pod is made of. No secret in it: pull secrets are names of Secret objects. */
export const collectorPodSettingsSchema = z
  .strictObject({
    image: z
      .string()
      .max(512)
      .regex(/^[\x21-\x7e]+$/),
    /** The image lies on the nodes already and is never pulled; it may then be named without a digest. */
    imagePresent: z.boolean(),
    pullSecrets: z.array(z.string()).readonly(),
    /** Where the pods run; made for the case and removed again when it does not exist. */
    namespace: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    /** Seconds after which a pod ends by itself, whatever becomes of us. */
    deadlineSeconds: z.int().min(60).max(86_400),
  })
  .refine(({ image, imagePresent }) => imagePresent || PINNED.test(image), {
    message: 'the image must be pinned by its digest (NAME@sha256:...), or be on the nodes already',
  });
export type CollectorPodSettings = z.infer<typeof collectorPodSettingsSchema>;

export const COLLECTOR_NAMESPACE = 'exhibit-collector';
export const COLLECTOR_DEADLINE_SECONDS = 7200;

/** Labels of everything that we make in a cluster. */
export const CASE_LABEL = 'kubexhibit.dev/case';
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'exhibit';
