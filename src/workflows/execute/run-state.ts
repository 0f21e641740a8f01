import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../../model/errors.js';
import { collectRequestSchema } from '../collect-request.js';
import { frozenTargetsSchema } from '../targets/freeze-targets.js';

/** How far a run has come. Each stage is on the disk before the next begins. */
export const runStateSchema = z.strictObject({
  run: z.int().min(1),
  stage: z.enum(['begun', 'frozen', 'planned', 'finished']),
  request: collectRequestSchema,
  targets: frozenTargetsSchema.nullable(),
});
export type RunState = z.infer<typeof runStateSchema>;

const RUN_FILE = 'run.json';

export function runDirectoryOf(runsDirectory: string, run: number): string {
  return join(runsDirectory, String(run).padStart(4, '0'));
}

/** Replaces the state of a run atomically and durably. */
export async function writeRunState(runsDirectory: string, state: RunState): Promise<void> {
  const directory = runDirectoryOf(runsDirectory, state.run);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, RUN_FILE);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(state));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** The runs of an exhibit in order. A directory whose state was never written holds nothing and is passed over. */
export async function readRunStates(runsDirectory: string): Promise<RunState[]> {
  const states: RunState[] = [];
  for (const name of await namesIn(runsDirectory)) {
    if (!/^\d{4}$/.test(name)) continue;
    try {
      states.push(runStateSchema.parse(JSON.parse(await readFile(join(runsDirectory, name, RUN_FILE), 'utf8'))));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  return states;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
