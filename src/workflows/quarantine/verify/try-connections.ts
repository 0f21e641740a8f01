import { toRfc3339 } from '../../../lib/clock.js';
import type { Clock } from '../../../ports/clock.js';
import type { NodeAccess } from '../../../ports/node-access.js';
import type { Probe, ProbePlace, ProbeResult } from './containment-check.js';
import { farAnswer } from './far-answer.js';
import { type ConnectAnswer, parseConnects } from './parse-answers.js';
import { CONNECT_SCRIPT } from './probe-scripts.js';
import { addressHex } from './probe-destination.js';

/** A dropped connection attempt is only known by its silence. The kernel asks again after 1 and 3 seconds. */
const CONNECT_SECONDS = 5;
/** include/uapi/asm-generic/errno.h: a filter or a router said no, or nothing came back. */
const DENIED: ReadonlyMap<number, string> = new Map([
  [1, 'not permitted'],
  [13, 'access denied'],
  [101, 'network unreachable'],
  [104, 'reset'],
  [110, 'timeout'],
  [111, 'refused'],
  [113, 'host unreachable'],
]);

export interface Attempt {
  readonly pod: string;
  readonly kind: Probe['kind'];
  readonly to: ProbePlace;
  readonly target: string;
  readonly mayPass: boolean;
  /** What our own listener says; `null` = another's: that it takes the connection is enough. */
  readonly bannerHex: string | null;
}

export interface ConnectFrom {
  readonly access: NodeAccess;
  readonly who: 'suspect' | 'uncontained';
  /** A process in the namespace that is entered, and the number of that; `null` = the place of the way itself. */
  readonly inside: { readonly pid: number; readonly namespace: string } | null;
}

function resultOf(
  answer: ConnectAnswer | undefined,
  bannerHex: string | null,
): { readonly result: ProbeResult; readonly detail: string } {
  if (answer === undefined) return { result: 'unknown', detail: 'it was not said what became of it' };
  const { status, errno, saidHex } = answer;
  if (status === 'timeout') return { result: 'denied', detail: 'timeout' };
  if (status === 'error') {
    const detail = DENIED.get(errno);
    return detail === undefined
      ? { result: 'unknown', detail: `errno ${String(errno)}` }
      : { result: 'denied', detail };
  }
  if (bannerHex === null || bannerHex === saidHex) return { result: 'through', detail: '' };
  return { result: 'answered', detail: 'something answered in the place of our listener' };
}

/** Tries all of them at once from one place. What cannot be tried is `unknown`, with the reason; never throws. */
export async function tryConnections(
  { access, who, inside }: ConnectFrom,
  attempts: readonly Attempt[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly Probe[]> {
  if (attempts.length === 0) return [];
  const lines = attempts.flatMap(({ to }, index) => {
    const at = addressHex(to.address);
    return at === null ? [] : [`${String(index)}\t${String(at.family)}\t${at.hex}\t${String(to.port)}\t\n`];
  });
  const command = {
    name: 'probe-connections',
    script: CONNECT_SCRIPT,
    args: [inside === null ? '-' : String(inside.pid), String(CONNECT_SECONDS)],
    stdin: Buffer.from(lines.join('')),
    timeoutMs: (CONNECT_SECONDS + 30) * 1000,
    signal,
  };
  let failed = '';
  const text = await farAnswer(access, command).catch((error: unknown) => {
    failed = error instanceof Error ? error.message : 'an error without a message';
    return '';
  });
  const { namespace, byId } = parseConnects(text);
  if (failed === '' && inside !== null && namespace !== inside.namespace)
    failed = 'the process went to another network namespace';
  const at = toRfc3339(clock.nowMs());
  return attempts.map(({ bannerHex, ...attempt }, index) => {
    const answer = byId.get(index);
    const judged = failed === '' ? resultOf(answer, bannerHex) : { result: 'unknown' as const, detail: failed };
    const local = answer?.local ?? { address: '', port: 0 };
    return { ...attempt, ...judged, from: { who, ...local }, at };
  });
}
