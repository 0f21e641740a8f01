import { toRfc3339 } from '../lib/clock.js';
import type { Clock } from '../ports/clock.js';
import type { ExhibitSpool } from './exhibit-spool.js';

const ARTIFACT = 'exhibit/nothing-collected';
const COLLECTOR = 'exhibit';
const PATH = 'data/derived/nothing-collected.txt';

const TEXT = `Nothing was collected into this exhibit.

A bag without payload is no valid bag, so this file stands in for it. What was to be
collected, and how each attempt ended, is in meta/plan.jsonl and meta/outcomes.jsonl.
`;

/**
 * Gives an exhibit without payload its one payload file, with its own line in plan, outcomes and items. Where nothing was planned
 * either, that is the gap; else the gaps are those of the plan.
 */
export async function addNothingCollected(exhibit: ExhibitSpool, clock: Clock): Promise<void> {
  const nothingPlanned =
    exhibit.counts().planned === 0 || (exhibit.counts().planned === 1 && exhibit.hasPlan(ARTIFACT));
  const at = toRfc3339(clock.nowMs());
  await exhibit.plan({
    artifact: ARTIFACT,
    collector: COLLECTOR,
    required: nothingPlanned,
    source: 'the exhibit itself',
    plannedAt: at,
  });
  const writer = await exhibit.sink.open({
    path: PATH,
    artifact: ARTIFACT,
    collector: COLLECTOR,
    vantage: 'api',
    sensitivity: 'normal',
  });
  try {
    await writer.write(Buffer.from(TEXT, 'latin1'));
    await writer.commit({
      subject: {},
      source: { method: 'derived' },
      outcome: 'collected',
      sourceChanged: null,
      firstByteAt: null,
      lastByteAt: null,
      derivedFrom: ['meta/plan.jsonl', 'meta/outcomes.jsonl'],
    });
  } finally {
    await writer.abort();
  }
  if (exhibit.hasOutcome(ARTIFACT)) return;
  await exhibit.outcome({
    artifact: ARTIFACT,
    collector: COLLECTOR,
    required: nothingPlanned,
    outcome: nothingPlanned ? 'failed' : 'empty',
    reason: nothingPlanned ? 'nothing-planned' : 'nothing-collected',
    detail: nothingPlanned
      ? 'the exhibit was sealed before anything was planned'
      : 'no planned artifact left a payload file',
    proof: { items: 0 },
    attempts: 1,
    at,
  });
}
