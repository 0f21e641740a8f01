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
  let state = BigInt(seed) * 2n + 88_172_645_463_325_253n;
  return (below) => {
    state ^= (state << 13n) & 0xffff_ffff_ffff_ffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffff_ffff_ffff_ffffn;
    return Number(state % BigInt(below));
  };
}
