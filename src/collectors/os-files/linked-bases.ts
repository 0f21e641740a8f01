import { posix } from 'node:path';
import type { LinkedBase } from './listing.js';

/** Where a base would be, were its link followed inside the node's own tree. */
function resolved({ base, at, target }: LinkedBase): string {
  const leads = target.startsWith('/') ? target : `${posix.dirname(at)}/${target}`;
  return posix.normalize(`${leads}${base.slice(at.length)}`);
}

/**
 * The bases that lie behind a link and whose target no other base of the artifact reached. Links are never followed: `/lib` of a merged
 * system leads to `/usr/lib`, which is a base of its own; a home that is a link stays a gap.
 */
export function uncoveredLinks(linked: readonly LinkedBase[], walked: ReadonlySet<string>): readonly LinkedBase[] {
  return linked.filter((one) => {
    const target = resolved(one);
    for (let folder = target; folder !== '/' && folder !== '.'; folder = posix.dirname(folder))
      if (walked.has(folder)) return false;
    return true;
  });
}
