import type { QuarantineRequest } from '../quarantine/quarantine-request.js';
import { parseSuspect } from '../quarantine/suspect-selector.js';
import type { RespondRequest } from './respond-state.js';

/** The containment of a response. Throws `USAGE_INVALID` for a suspect that says none. */
export function quarantineRequestOf(request: RespondRequest): QuarantineRequest {
  const { target, names, skip, maxNodes, allowedNodes, level, cloud, order, keepReachable, loseVolatile } = request;
  const named = target === 'pod' ? names : [];
  const suspects = [...named, ...request.suspects].map(parseSuspect);
  const { suspendScaling = false } = request;
  return {
    ...{ target, names, suspects, skip, maxNodes, allowedNodes },
    ...{ level, cloud, order, keepReachable, loseVolatile, suspendScaling },
  };
}
