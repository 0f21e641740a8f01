import { defineConfig } from 'vitest/config';
import { FileOrder } from './test/setup/file-order.js';

/** `EXHIBIT_TEST_SEED=<number>` repeats what a run drew; every run prints its own. */
const seed = Number(process.env['EXHIBIT_TEST_SEED'] ?? Date.now() % 1_000_000_007);

/** One folder of test/ as a project. Serial ones have a machine, a cluster or a browser in common. */
function folder(name: string, options: { timeoutMs: number; serial: boolean; offline?: boolean; group?: number }) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: options.timeoutMs,
      hookTimeout: options.timeoutMs,
      fileParallelism: !options.serial,
      sequence: { groupOrder: options.group ?? (options.serial ? 9 : 0) },
      setupFiles: options.offline === true ? ['./test/setup/loopback-only.ts'] : [],
    },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    sequence: { shuffle: { files: false, tests: true }, sequencer: FileOrder, seed },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    expect: { requireAssertions: true },
    disableConsoleIntercept: true,
    allowOnly: false,
    env: { TZ: 'UTC', NO_COLOR: '1' },
    setupFiles: ['./test/setup/own-temporary-folder.ts'],
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
      folder('e2e', { timeoutMs: 300_000, serial: false, group: 1 }),
      folder('interop', { timeoutMs: 300_000, serial: true }),
      folder('aws', { timeoutMs: 300_000, serial: false, group: 2 }),
      folder('browser', { timeoutMs: 300_000, serial: true }),
      folder('tamper', { timeoutMs: 3_600_000, serial: true }),
      folder('lab', { timeoutMs: 600_000, serial: true }),
      folder('torture', { timeoutMs: 1_800_000, serial: true }),
    ],
  },
});
