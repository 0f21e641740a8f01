import { ExhibitError } from '../../../model/errors.js';
import type { NodeAccess } from '../../../ports/node-access.js';
import { type ListeningAt, parseListening } from './parse-answers.js';
import { LISTEN_SCRIPT } from './probe-scripts.js';

/** It ends by itself, should nobody be left to end it. */
const LISTENER_SECONDS = 60;
const READY_WITHIN_MS = 15_000;
const MAX_BYTES = 65_536;

export interface ProbeListener {
  readonly at: readonly ListeningAt[];
  /** What it says to whoever connects, hexadecimal: nobody else can. */
  readonly bannerHex: string;
  /** Resolves when it has ended. Never throws. */
  close(): Promise<void>;
}

export interface ListenerPlace {
  readonly access: NodeAccess;
  /** Its network namespace is entered; `null` = that of the way itself. */
  readonly pid: number | null;
}

function wordsOf(token: () => string) {
  const [banner, stop] = [`exhibit-${token()}`, `stop-${token()}`];
  return { banner, stop };
}

/** A listener of ours on a free port. Throws `NODE_ACCESS_LOST` when it does not come up. */
export async function openListener(
  { access, pid }: ListenerPlace,
  { token, signal }: { readonly token: () => string; readonly signal: AbortSignal },
): Promise<ProbeListener> {
  const { banner, stop } = wordsOf(token);
  const ending = new AbortController();
  const limit = AbortSignal.timeout(READY_WITHIN_MS);
  let text = '';
  const command = {
    name: 'probe-listener',
    script: LISTEN_SCRIPT,
    args: [pid === null ? '-' : String(pid), banner, stop, String(LISTENER_SECONDS)],
    maxBytes: MAX_BYTES,
    timeoutMs: (LISTENER_SECONDS + 30) * 1000,
    idleTimeoutMs: (LISTENER_SECONDS + 30) * 1000,
    signal: AbortSignal.any([signal, ending.signal]),
  };
  const lost = (why: string): ExhibitError =>
    new ExhibitError('NODE_ACCESS_LOST', `probe-listener: ${why}`, { subject: access.facts.node });
  let running: Promise<void> = Promise.resolve();
  const close = async (): Promise<void> => {
    ending.abort();
    await running;
  };
  const ready = new Promise<readonly ListeningAt[]>((resolve, reject) => {
    limit.addEventListener('abort', () => {
      reject(lost('it did not come up in time'));
    });
    const chunk = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      const listening = parseListening(text);
      if (listening !== null) resolve(listening);
    };
    running = access.run(command, { chunk }).then(
      ({ end, endDetail, stderr }) => {
        reject(lost(`${endDetail ?? end} ${stderr.trim()}`));
      },
      (error: unknown) => {
        reject(error instanceof Error ? error : lost('an error without a message'));
      },
    );
  });
  try {
    return { at: await ready, bannerHex: Buffer.from(banner).toString('hex'), close };
  } catch (error) {
    await close();
    throw error;
  }
}
