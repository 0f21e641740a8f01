/** Where the value of a setting came from, in the order of precedence. */
export const ORIGINS = ['flag', 'environment', 'case', 'config', 'default'] as const;
export type Origin = (typeof ORIGINS)[number];

export interface Setting<T> {
  readonly value: T;
  readonly origin: Origin;
}

export type Candidates<T> = Partial<Readonly<Record<Exclude<Origin, 'default'>, T | undefined>>> & {
  readonly default: T;
};

/** Flag, environment, case file, config file, default: the first that is set. */
export function resolveSetting<T>(candidates: Candidates<T>): Setting<T> {
  for (const origin of ORIGINS) {
    const value = candidates[origin];
    if (value !== undefined) return { value, origin };
  }
  return { value: candidates.default, origin: 'default' };
}
