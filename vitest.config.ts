import { defineConfig } from 'vitest/config';

/** `EXHIBIT_TEST_SEED=<number>` repeats the order of a run; every run prints its own. */
const seed = Number(process.env['EXHIBIT_TEST_SEED'] ?? Date.now() % 1_000_000_007);

/** One folder of test/ as a project. Serial ones start programs and servers that would starve each other on two cores. */
function folder(name: string, options: { timeoutMs: number; serial: boolean; offline?: boolean }) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: options.timeoutMs,
      hookTimeout: options.timeoutMs,
      fileParallelism: !options.serial,
      sequence: { groupOrder: options.serial ? 1 : 0 },
      setupFiles: options.offline === true ? ['./test/setup/loopback-only.ts'] : [],
    },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: true, seed },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    expect: { requireAssertions: true },
    disableConsoleIntercept: true,
    allowOnly: false,
    env: { TZ: 'UTC', NO_COLOR: '1' },
    setupFiles: ['./test/setup/remove-temporary-homes.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          testTimeout: 20_000,
          setupFiles: ['./test/setup/loopback-only.ts'],
        },
      },
      folder('conformance', { timeoutMs: 60_000, serial: false, offline: true }),
      folder('golden', { timeoutMs: 60_000, serial: false, offline: true }),
      folder('architecture', { timeoutMs: 60_000, serial: false }),
      folder('e2e', { timeoutMs: 120_000, serial: true }),
      folder('interop', { timeoutMs: 300_000, serial: true }),
      folder('aws', { timeoutMs: 120_000, serial: true }),
      folder('browser', { timeoutMs: 300_000, serial: true }),
      folder('tamper', { timeoutMs: 3_600_000, serial: true }),
      folder('lab', { timeoutMs: 600_000, serial: true }),
      folder('torture', { timeoutMs: 1_800_000, serial: true }),
    ],
  },
});
