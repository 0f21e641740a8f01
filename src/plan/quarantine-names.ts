import { CASE_LABEL, MANAGED_BY, MANAGED_BY_LABEL } from '../model/collector-pod-settings.js';

/** Label of suspects, and key of the taint of their node. Its value is the case token: the suspect may read it, so nothing else goes in. */
export const QUARANTINE_LABEL = 'kubexhibit.dev/quarantine';

/** One for each plan, so that the release of one leaves the policy of another. */
export function policyNameOf(caseToken: string, plan: string): string {
  return `exhibit-quarantine-${caseToken}-${plan}`;
}

/** Of what we make for a case. */
export function ourLabels(caseToken: string): Readonly<Record<string, string>> {
  return { [CASE_LABEL]: caseToken, [MANAGED_BY_LABEL]: MANAGED_BY };
}
