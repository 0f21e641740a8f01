import type { Subject } from '../model/artifact.js';
import type { ItemFacts } from '../ports/evidence-sink.js';

/** Of a payload file that we computed: no source of its own, no times of reading. `derivedFrom` are paths of items. */
export function derivedFacts(
  subject: Subject,
  derivedFrom: readonly string[],
  outcome: ItemFacts['outcome'] = 'collected',
): ItemFacts {
  return {
    subject,
    source: { method: 'derive' },
    outcome,
    sourceChanged: null,
    firstByteAt: null,
    lastByteAt: null,
    derivedFrom,
  };
}
