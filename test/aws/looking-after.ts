import type { Clock } from '../../src/ports/clock.js';
import type { Platform } from '../../src/ports/platform.js';
import type { CheckDeps } from '../../src/workflows/quarantine/verify/verify-containment.js';
import { FakeActuator } from '../fakes/fake-actuator.js';

/** What looks at a containment by a clock that goes on only when it is waited; `meanwhile` hears how many seconds have gone by. */
export function lookingAfter(
  platform: Platform,
  meanwhile: (seconds: number) => Promise<void>,
): CheckDeps & { readonly endedUs: number } {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monoUs: () => nowMs * 1000 } as unknown as Clock;
  return {
    ...{ clock, endedUs: 0, vantages: null, signal: new AbortController().signal, token: () => 'token' },
    reader: {} as CheckDeps['reader'],
    tools: {
      actuator: new FakeActuator().actuator,
      cloud: { actuator: platform.actuator, caseToken: 'k7m2p9' },
    },
    record: { action: async () => await Promise.resolve(), effect: async () => await Promise.resolve() },
    io: { emit: () => undefined } as never,
    pause: async (ms) => {
      nowMs += ms;
      await meanwhile(nowMs / 1000);
    },
  };
}
