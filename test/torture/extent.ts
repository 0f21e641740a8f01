import { systemClock } from '../../src/lib/clock.js';

/** `EXHIBIT_TORTURE_SAMPLE=1`: a small part of everything, chosen by the seed, for every day. */
export const SAMPLE = process.env['EXHIBIT_TORTURE_SAMPLE'] === '1';

/** `EXHIBIT_TORTURE_SEED=<number>` repeats a run. What runs in full starts from a fixed seed unless told otherwise. */
const SEED = Number(process.env['EXHIBIT_TORTURE_SEED'] ?? (SAMPLE ? systemClock.nowMs() % 1_000_000_007 : 1000));

/** How much this run does of something, and where its choices begin; says both on stderr, so that a failure can be repeated. */
export function extentOf<T>(what: string, sizes: { readonly full: T; readonly sample: T }): { size: T; seed: number } {
  const size = SAMPLE ? sizes.sample : sizes.full;
  process.stderr.write(
    `torture: ${what}, ${String(size)}${SAMPLE ? ' (sample)' : ''}, EXHIBIT_TORTURE_SEED=${String(SEED)}\n`,
  );
  return { size, seed: SEED };
}

/** Integers from 0 to `below` - 1, the same for the same seed on every machine. */
export function choices(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    // SplitMix64: neighbouring seeds have nothing in common.
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let mixed = state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return Number((mixed ^ (mixed >> 31n)) % BigInt(below));
  };
}
