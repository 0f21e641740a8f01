import { ExhibitError } from '../../../model/errors.js';
import type { NodeAccess, NodeCommand } from '../../../ports/node-access.js';

const MAX_BYTES = 8 * 1024 * 1024;

/** The whole answer of a script that ended well. Throws `NODE_ACCESS_LOST`, with what it said on standard error. */
export async function farAnswer(access: NodeAccess, command: NodeCommand): Promise<string> {
  const chunks: Buffer[] = [];
  const end = await access.run({ maxBytes: MAX_BYTES, ...command }, { chunk: (bytes) => void chunks.push(bytes) });
  if (end.end === 'complete' && end.exitStatus === 0) return Buffer.concat(chunks).toString('latin1');
  const why = end.end === 'complete' ? `status ${String(end.exitStatus)}: ${end.stderr.trim()}` : end.endDetail;
  throw new ExhibitError('NODE_ACCESS_LOST', `${command.name}: ${why ?? end.end}`, { subject: access.facts.node });
}
