import { z } from 'zod';
import type { ApiResource } from '../../model/target.js';
import { urlPart } from '../segments.js';

/** What travels from plan to read: one list of one resource, of one namespace or whole. */
export const plannedListSchema = z.strictObject({
  group: z.string(),
  version: z.string(),
  resource: z.string(),
  delegated: z.boolean(),
  /** `null` = not narrowed to a namespace. */
  namespace: z.string().nullable(),
  folder: z.string(),
  indexFolder: z.string(),
});
export type PlannedList = z.infer<typeof plannedListSchema>;

/** `<group>.<version>.<resource>`, the core group written `core`. */
export function resourceName({
  group,
  version,
  resource,
}: Pick<ApiResource, 'group' | 'version' | 'resource'>): string {
  return `${group === '' ? 'core' : group}.${version}.${resource}`;
}

export function isSecrets({ group, resource }: Pick<ApiResource, 'group' | 'resource'>): boolean {
  return group === '' && resource === 'secrets';
}

export function listPath(list: Pick<PlannedList, 'group' | 'version' | 'resource' | 'namespace'>): string {
  const root = list.group === '' ? '/api' : `/apis/${urlPart(list.group)}`;
  const scope = list.namespace === null ? '' : `/namespaces/${urlPart(list.namespace)}`;
  return `${root}/${urlPart(list.version)}${scope}/${urlPart(list.resource)}`;
}
