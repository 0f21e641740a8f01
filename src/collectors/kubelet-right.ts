import type { Permission } from '../ports/collector.js';

/** The right by which a kubelet is read through the API server; `what` is read. */
export function kubeletRight(what: string): Permission {
  return {
    apiGroup: '',
    resource: 'nodes/proxy',
    verbs: ['get'],
    why: `${what} Allows far more than reading: grant it for the incident only.`,
  };
}
