import type { Sensitivity } from '../../model/artifact.js';
import type { ApiResource } from '../../model/target.js';

/** Kinds that hold a pod template or free-form data: literals of the environment, annotations and values can be secrets. */
const MAY_HOLD_SECRETS = new Set([
  'configmaps',
  'controllerrevisions',
  'cronjobs',
  'daemonsets',
  'deployments',
  'jobs',
  'pods',
  'podtemplates',
  'replicasets',
  'replicationcontrollers',
  'statefulsets',
]);

/** `secret` where values may be in the object; custom kinds are not known and therefore counted among them. */
export function resourceSensitivity({ group, resource }: Pick<ApiResource, 'group' | 'resource'>): Sensitivity {
  if (MAY_HOLD_SECRETS.has(resource)) return 'secret';
  const builtIn = !group.includes('.') || group.endsWith('.k8s.io');
  return builtIn ? 'normal' : 'secret';
}
