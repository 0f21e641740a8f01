import type { ProcessTable } from './process-table.js';

const MAX_SHOWN = 10;

/** How the table changed while it was read. Numbers of processes; those of the scripts that read it are left out. */
export interface TableRace {
  /** In the listing, gone before everything was read. */
  readonly vanished: ReadonlySet<number>;
  /** Came after the listing. */
  readonly appeared: ReadonlySet<number>;
  /** The number belongs to another process now, or did before the first files were read to the end. */
  readonly reused: ReadonlySet<number>;
  /** `vanished 12 13; appeared 14`; at most ten numbers each. */
  readonly shown: string;
}

/** `after` are start times by number once everything was read; empty where that could not be read. */
export function raceOf({ entries, listed, ownGroup }: ProcessTable, after: ReadonlyMap<number, number>): TableRace {
  const isOwn = (pid: number): boolean => entries.get(pid)?.stat.pgrp === ownGroup;
  const known = after.size > 0;
  const others = [...listed].filter((pid) => !isOwn(pid));
  const isGone = (pid: number): boolean => entries.get(pid)?.isVanished ?? true;
  const isAnother = (pid: number): boolean => {
    const entry = entries.get(pid);
    if (entry === undefined) return false;
    return entry.isReused || (after.get(pid) ?? entry.stat.startTicks) !== entry.stat.startTicks;
  };
  const race = {
    vanished: new Set(others.filter((pid) => isGone(pid) || (known && !after.has(pid)))),
    appeared: new Set([...after.keys()].filter((pid) => !listed.has(pid))),
    reused: new Set(others.filter(isAnother)),
  };
  const shown = Object.entries(race)
    .filter(([, pids]) => pids.size > 0)
    .map(([what, pids]) => `${what} ${[...pids].slice(0, MAX_SHOWN).join(' ')}${pids.size > MAX_SHOWN ? ' ...' : ''}`)
    .join('; ');
  return { ...race, shown };
}
