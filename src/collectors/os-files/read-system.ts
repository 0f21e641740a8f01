import type { NodeAccess } from '../../ports/node-access.js';
import { oncePerAccess } from '../once-per-access.js';
import { MAX_SYSTEM_BYTES, SYSTEM_SCRIPT } from './far-scripts.js';
import { parseSystemFacts, type SystemFacts } from './system-facts.js';

async function read(access: NodeAccess, signal: AbortSignal): Promise<SystemFacts> {
  const isLive = access.facts.vantage === 'live-kernel';
  const chunks: Buffer[] = [];
  await access.run(
    {
      name: 'os-files-system',
      script: SYSTEM_SCRIPT,
      args: [isLive ? 'live' : 'disk'],
      maxBytes: MAX_SYSTEM_BYTES,
      signal,
    },
    { chunk: (bytes) => void chunks.push(Buffer.from(bytes)) },
  );
  return parseSystemFacts(Buffer.concat(chunks).toString('latin1'), isLive);
}

/** What the node is, asked once per way to it. A torn answer gives what it gave. Throws `NODE_ACCESS_LOST`. */
export const readSystem = oncePerAccess(read);
