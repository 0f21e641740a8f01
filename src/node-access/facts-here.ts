import type { NodeFacts } from '../ports/node-access.js';
import { diskRung } from './disk-rung.js';
import { localRung, type LocalOptions } from './local.js';

/** What this machine, or the disk that is mounted at `disk`, says of itself. Throws `NODE_ACCESS_REFUSED`. */
export async function factsHere(
  disk: string | undefined,
  options: LocalOptions,
  signal: AbortSignal,
): Promise<NodeFacts> {
  const rung = disk === undefined ? localRung(options) : diskRung(disk, options);
  const access = await rung.open({ name: 'this machine', uid: '', machineId: '', ready: true }, signal);
  await access.close();
  return access.facts;
}
