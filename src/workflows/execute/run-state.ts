import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ensurePrivateDirectory, readPrivateFile, replaceFile } from '../../evidence/private-files.js';
import { parseJson } from '../../lib/untyped.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
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

/** Replaces the state of a run atomically and durably. Throws `STORAGE_FULL`, `STORAGE_FAILED`. */
export async function writeRunState(runsDirectory: string, state: RunState): Promise<void> {
  const directory = runDirectoryOf(runsDirectory, state.run);
  ensurePrivateDirectory(directory);
  await replaceFile(join(directory, RUN_FILE), JSON.stringify(state));
}

/** The runs of an exhibit in order. A directory whose state was never written holds nothing and is passed over. Throws `CASE_CORRUPT`. */
export async function readRunStates(runsDirectory: string): Promise<RunState[]> {
  const states: RunState[] = [];
  for (const name of await namesIn(runsDirectory)) {
    if (!/^\d{4}$/.test(name)) continue;
    const path = join(runsDirectory, name, RUN_FILE);
    const bytes = await readPrivateFile(path);
    if (bytes === null) continue;
    const state = runStateSchema.safeParse(parseJson(bytes));
    if (!state.success) {
      throw new ExhibitError('CASE_CORRUPT', 'the state of a collection is damaged; what it collected is not', {
        subject: path,
        hints: ['exhibit seal'],
      });
    }
    states.push(state.data);
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
