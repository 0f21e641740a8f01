import type { TargetDescription, TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';

/** `i-0abc 8080`, `10.0.0.7 80 all`: id, port, and the zone where one was given. */
function wordOf({ Id: id = '', Port: port, AvailabilityZone: zone }: TargetDescription): string {
  return [id, ...(port === undefined ? [] : [String(port)]), ...(zone === undefined ? [] : [zone])].join(' ');
}

const WORD = /^(\S{1,256})(?: (\d{1,5}))?(?: ([a-z0-9-]{1,40}))?$/;

/** `null` = that names no target. */
export function parseTarget(word: string): TargetDescription | null {
  const [, Id, port, AvailabilityZone] = WORD.exec(word) ?? [];
  if (Id === undefined) return null;
  return {
    Id,
    ...(port === undefined ? {} : { Port: Number(port) }),
    ...(AvailabilityZone === undefined ? {} : { AvailabilityZone }),
  };
}

/** Targets of these ids that get traffic or are about to, sorted; one that is on its way out counts no more. */
export function targetWords(
  health: readonly TargetHealthDescription[] | undefined,
  ids: readonly string[],
): readonly string[] {
  const staying = (health ?? []).flatMap(({ Target: target, TargetHealth: state }) =>
    target !== undefined && state?.State !== 'draining' && ids.includes(target.Id ?? '') ? [wordOf(target)] : [],
  );
  return [...new Set(staying)].sort();
}
