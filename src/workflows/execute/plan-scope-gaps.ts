import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { toRfc3339 } from '../../lib/clock.js';
import { safeSegment } from '../../lib/safe-path.js';
import type { Clock } from '../../ports/clock.js';
import type { FrozenTargets } from '../targets/freeze-targets.js';

/** What could not even be enumerated is a gap of its own, so that nobody takes a short plan for a small cluster. */
export async function planScopeGaps(targets: FrozenTargets, exhibit: ExhibitSpool, clock: Clock): Promise<void> {
  const gaps = [
    ...targets.incomplete.map((detail, index) => ({
      artifact: `scope/list-${String(index + 1)}`,
      detail,
      reason: 'not-enumerated',
    })),
    ...targets.unreachableGroups.map(({ group, reason }) => ({
      // The name is the server's: it may be anything.
      artifact: `scope/group-${safeSegment(group)}`,
      detail: reason,
      reason: 'discovery-failed',
    })),
  ];
  for (const { artifact, detail, reason } of gaps) {
    const at = toRfc3339(clock.nowMs());
    const common = { artifact, collector: 'scope', required: true };
    if (!exhibit.hasPlan(artifact)) await exhibit.plan({ ...common, source: 'discovery', plannedAt: at });
    if (exhibit.hasOutcome(artifact)) continue;
    await exhibit.outcome({ ...common, outcome: 'failed', reason, detail, proof: {}, attempts: 1, at });
  }
}
