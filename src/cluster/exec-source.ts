import type { Clock } from '../ports/clock.js';
import type { Credential, CredentialSource } from './credential.js';
import { parseExecCredential, renderExecInfo, type ExecCredential } from './exec-credential.js';
import { runPlugin } from './exec-process.js';
import type { ExecEntry } from './kubeconfig-file.js';
import type { ResolvedConnection } from './resolved-connection.js';

/** A token is not used in its last moments; of a very short life a tenth at most is given away. */
const MAX_LEEWAY_MS = 10_000;

export interface ExecSourceParts {
  readonly exec: ExecEntry;
  readonly connection: ResolvedConnection;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

/** A credential plugin: run once at a time, again when its answer expires, or after a 401. Without an expiry the answer lives until then. */
export function createExecSource(parts: ExecSourceParts): CredentialSource {
  const { exec, connection, clock } = parts;
  let held: Credential | null = null;
  let goodUntilMs = Number.POSITIVE_INFINITY;
  let running: Promise<Credential> | null = null;

  const accept = (fresh: ExecCredential): Credential => {
    const nowMs = clock.nowMs();
    const lifeMs = fresh.expiresAtMs === null ? Number.POSITIVE_INFINITY : fresh.expiresAtMs - nowMs;
    goodUntilMs = nowMs + lifeMs - Math.min(MAX_LEEWAY_MS, Math.max(lifeMs, 0) / 10);
    held = { authorization: fresh.token === null ? null : `Bearer ${fresh.token}`, certificate: fresh.certificate };
    return held;
  };
  const run = (): Promise<Credential> => {
    running ??= runPlugin({
      exec,
      environment: connection.environment,
      execInfo: renderExecInfo(exec, connection),
      timeoutMs: parts.timeoutMs ?? 60_000,
    })
      .then((output) => accept(parseExecCredential(output, exec)))
      .finally(() => {
        running = null;
      });
    return running;
  };
  return {
    current: async () => (held === null || clock.nowMs() >= goodUntilMs ? await run() : held),
    renew: async (refused) => {
      if (held === refused) await run();
    },
  };
}
