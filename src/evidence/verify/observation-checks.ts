import { clockRecordSchema, requestRecordSchema } from '../../model/request.js';
import type { Findings } from './findings.js';
import { recordLines, type TagConsumer } from './record-lines.js';

/** meta/requests.jsonl: each call once, in the order of its number. */
export function requestsCheck(findings: Findings): TagConsumer {
  let previous = 0;
  return recordLines({
    path: 'meta/requests.jsonl',
    schema: requestRecordSchema,
    findings,
    onRecord: ({ seq }, _raw, place) => {
      if (seq <= previous)
        findings.add('grammar', { path: place, expected: `seq above ${String(previous)}`, found: String(seq) });
      previous = Math.max(previous, seq);
    },
  });
}

/** meta/clock.jsonl: intervals that are none are refused. */
export function clockCheck(findings: Findings): TagConsumer {
  return recordLines({
    path: 'meta/clock.jsonl',
    schema: clockRecordSchema,
    findings,
    onRecord: ({ offsetMinMs, offsetMaxMs }, _raw, place) => {
      if (offsetMinMs <= offsetMaxMs) return;
      const found = `${String(offsetMinMs)} to ${String(offsetMaxMs)}`;
      findings.add('grammar', { path: place, expected: 'an offset from less to more', found });
    },
  });
}
