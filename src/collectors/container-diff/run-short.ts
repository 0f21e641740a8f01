import { ExhibitError } from '../../model/errors.js';
import type { NodeAccess, NodeCommand, NodeCommandEnd } from '../../ports/node-access.js';

export interface ShortAnswer {
  readonly bytes: Buffer;
  readonly end: NodeCommandEnd;
}

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Runs a command whose answer is needed as a whole and is not kept as evidence itself. Throws `NODE_ACCESS_LOST` when the answer is
 * not whole; the exit status is the caller's to judge.
 */
export async function runShort(access: NodeAccess, command: NodeCommand): Promise<ShortAnswer> {
  const chunks: Buffer[] = [];
  const end = await access.run(
    { maxBytes: MAX_BYTES, ...command },
    {
      chunk: (bytes) => {
        chunks.push(bytes);
      },
    },
  );
  if (end.end !== 'complete')
    throw new ExhibitError('NODE_ACCESS_LOST', `${command.name}: ${end.endDetail ?? end.end}`, {
      subject: access.facts.node,
    });
  return { bytes: Buffer.concat(chunks), end };
}
