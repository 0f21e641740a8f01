/** Fewer bytes than this in four idle times count as dead: a peer that sends a byte now and then would hold us for ever. */
const MIN_WINDOW_BYTES = 1024;
const SLOW_FACTOR = 4;

/** Watches that a body moves on. Time during which we hold the stream back ourselves does not count. */
export interface BodyWatch {
  moved(bytes: number): void;
  hold(): void;
  release(): void;
  stop(): void;
}

/** Calls `onDead` once, with plain words, when the body is silent for `idleTimeoutMs` or trickles for four times as long. */
export function watchBody(idleTimeoutMs: number, onDead: (detail: string) => void): BodyWatch {
  let bytes = 0;
  let heldInWindow = false;
  let held = false;
  const stop = (): void => {
    clearTimeout(idle);
    clearInterval(slow);
  };
  const dead = (detail: string): void => {
    stop();
    onDead(detail);
  };
  const idle = setTimeout(() => {
    if (!held) dead(`no byte for ${String(idleTimeoutMs)} ms`);
  }, idleTimeoutMs);
  const slow = setInterval(() => {
    if (!held && !heldInWindow && bytes < MIN_WINDOW_BYTES) {
      dead(`only ${String(bytes)} bytes in ${String(idleTimeoutMs * SLOW_FACTOR)} ms`);
    }
    bytes = 0;
    heldInWindow = held;
  }, idleTimeoutMs * SLOW_FACTOR);
  return {
    moved: (count) => {
      bytes += count;
      idle.refresh();
    },
    hold: () => {
      held = true;
      heldInWindow = true;
    },
    release: () => {
      held = false;
      idle.refresh();
    },
    stop,
  };
}
