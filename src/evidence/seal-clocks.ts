import { parseInstant, toRfc3339 } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { ClockRecord } from '../model/request.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Timestamper } from '../ports/timestamper.js';
import { clockAlarm } from './clock-alarm.js';
import type { ExhibitSpool } from './exhibit-spool.js';
import { getToken } from './timestamp/get-token.js';

/** A token's time and an HTTP date may have whole seconds. */
const SECOND_MS = 1000;
/** All authorities together: a reading is worth less than the seal that waits for it. */
const LIMIT_MS = 20_000;

export interface SealClocksOptions {
  readonly exhibit: Pick<ExhibitSpool, 'clock' | 'exhibitId'>;
  readonly timestampers: readonly Timestamper[];
  readonly clock: Clock;
  readonly io: Io;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks each authority for the time, and writes down as an interval with the round trip how far its clock is from ours: by the time that it
 * signs in a token over the exhibit's name, which is not kept, and by the `Date` of its answer. Each has its own line in meta/clock.jsonl
 * (`tsa URL`, `tsa URL (Date)`). One that does not answer leaves none, and stops nothing; the seal says so when it asks for the token that
 * counts. Without an authority nothing is asked. Throws what the disk does.
 */
export async function readSealClocks(options: SealClocksOptions): Promise<void> {
  const { timestampers, signal } = options;
  if (timestampers.length === 0) return;
  const limit = AbortSignal.timeout(LIMIT_MS);
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  for (const timestamper of timestampers) {
    if (either.aborted) return;
    for (const record of await readingsOf(timestamper, options, either)) await keep(record, options);
  }
}

async function readingsOf(
  timestamper: Timestamper,
  { exhibit, clock }: SealClocksOptions,
  signal: AbortSignal,
): Promise<ClockRecord[]> {
  const dates: string[] = [];
  // One that is asked twice because it failed once must not seem slow.
  let sentAtMs = clock.nowMs();
  const watched: Timestamper = {
    url: timestamper.url,
    stamp: async (request, until) => {
      sentAtMs = clock.nowMs();
      const onDate = (date: string): void => {
        dates.push(date);
      };
      return await timestamper.stamp(request, until, onDate);
    },
  };
  try {
    const { genTime, url } = await getToken(watched, Buffer.from(exhibit.exhibitId), signal);
    const span = { sentAtMs, receivedAtMs: clock.nowMs() };
    return [
      recordOf(`tsa ${url}`, parseInstant(genTime), span),
      recordOf(`tsa ${url} (Date)`, parseInstant(dates.at(-1) ?? ''), span),
    ].filter((record) => record !== null);
  } catch (error) {
    if (signal.aborted || (error instanceof ExhibitError && error.code === 'TIMESTAMP_FAILED')) return [];
    throw error;
  }
}

function recordOf(
  source: string,
  theirsMs: number | null,
  { sentAtMs, receivedAtMs }: { readonly sentAtMs: number; readonly receivedAtMs: number },
): ClockRecord | null {
  if (theirsMs === null) return null;
  return {
    source,
    at: toRfc3339(receivedAtMs),
    phase: 'seal',
    offsetMinMs: Math.floor(theirsMs - receivedAtMs),
    offsetMaxMs: Math.ceil(theirsMs + SECOND_MS - sentAtMs),
    roundTripMs: Math.max(0, Math.round(receivedAtMs - sentAtMs)),
  };
}

async function keep(record: ClockRecord, { exhibit, io }: SealClocksOptions): Promise<void> {
  await exhibit.clock(record);
  const alarm = clockAlarm(record);
  if (alarm === null) return;
  const { source, offsetMinMs, offsetMaxMs } = record;
  io.emit('CLOCK_CONTRADICTED', alarm, { source, offsetMinMs, offsetMaxMs });
}
