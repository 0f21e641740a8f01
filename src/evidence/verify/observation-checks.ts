import { clockRecordSchema, requestRecordSchema } from '../../model/request.js';
import { clockAlarm } from '../clock-alarm.js';
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

/** Sources that are named in alarms; a hostile archive may have any number. */
const MAX_ALARMS = 20;

/** meta/clock.jsonl: intervals that are none are refused; those that contradict the clock of the collection are alarms, once a source. */
export function clockCheck(findings: Findings, alarms: Map<string, string>): TagConsumer {
  return recordLines({
    path: 'meta/clock.jsonl',
    schema: clockRecordSchema,
    findings,
    onRecord: (record, _raw, place) => {
      const { source, offsetMinMs, offsetMaxMs } = record;
      if (offsetMinMs > offsetMaxMs) {
        const found = `${String(offsetMinMs)} to ${String(offsetMaxMs)}`;
        findings.add('grammar', { path: place, expected: 'an offset from less to more', found });
      }
      const alarm = clockAlarm(record);
      if (alarm !== null && alarms.size < MAX_ALARMS && !alarms.has(source)) alarms.set(source, alarm);
    },
  });
}
