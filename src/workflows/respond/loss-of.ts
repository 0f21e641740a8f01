import { ExhibitError } from '../../model/errors.js';
import type { OutcomeRecord } from '../../model/outcome.js';
import type { PreparedQuarantine } from '../quarantine/prepare-quarantine.js';
import { refuseLoss } from '../quarantine/refuse-level.js';
import { volatileTaken } from '../quarantine/volatile-taken.js';
import { quarantineRequestOf } from './quarantine-request-of.js';
import type { RespondRequest } from './respond-state.js';

/** `VOLATILE_NOT_TAKEN` where a machine would be severed of which the exhibit lacks what vanishes then, and nobody named that loss. */
export async function lossOf(
  request: RespondRequest,
  { scene }: Pick<PreparedQuarantine, 'scene'>,
  exhibit: { readOutcomes(): AsyncIterable<OutcomeRecord> },
): Promise<ExhibitError | null> {
  const nodes = scene.nodes.map(({ name }) => name);
  try {
    refuseLoss(quarantineRequestOf(request), scene, await volatileTaken(nodes, exhibit));
    return null;
  } catch (error) {
    if (error instanceof ExhibitError && error.code === 'VOLATILE_NOT_TAKEN') return error;
    throw error;
  }
}
