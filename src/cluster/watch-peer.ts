import type { Clock } from '../ports/clock.js';

export interface PeerWatchParts {
  /** Silence of the program. */
  readonly idleMs: number;
  readonly timing: { readonly pingMs: number; readonly deadPeerMs: number };
  readonly clock: Clock;
  ping(): void;
  /** Called once at most, with plain words. */
  onDead(detail: string): void;
}

export interface PeerWatch {
  /** The program sent something. */
  moved(): void;
  /** The peer sent something, though not of the program. */
  alive(): void;
  /** From now on nothing is read: no silence counts. */
  hold(): void;
  release(): void;
  stop(): void;
}

/** Tells a program that says nothing from a peer that is no longer there: the second answers no ping either. Times in milliseconds. */
export function watchPeer(parts: PeerWatchParts): PeerWatch {
  const { idleMs, timing, clock } = parts;
  let held = false;
  let stopped = false;
  let movedUs = clock.monoUs();
  let aliveUs = movedUs;

  const stop = (): void => {
    stopped = true;
    clearInterval(timer);
  };
  const touch = (): void => {
    movedUs = clock.monoUs();
    aliveUs = movedUs;
  };
  const die = (detail: string): void => {
    stop();
    parts.onDead(detail);
  };
  const onTick = (): void => {
    if (held) return;
    const nowUs = clock.monoUs();
    if (nowUs - movedUs >= idleMs * 1000) die(`silent for ${String(idleMs)} ms`);
    else if (nowUs - aliveUs >= timing.deadPeerMs * 1000)
      die(`the peer answered no ping for ${String(timing.deadPeerMs)} ms`);
    else parts.ping();
  };
  const timer = setInterval(onTick, Math.min(timing.pingMs, Math.max(1, Math.floor(idleMs / 2))));
  return {
    moved: touch,
    alive: () => {
      aliveUs = clock.monoUs();
    },
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      if (!stopped) touch();
    },
    stop,
  };
}
