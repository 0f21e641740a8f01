import type { NodeAccess } from '../../ports/node-access.js';
import { MAX_SYSTEM_BYTES, SYSTEM_SCRIPT } from './far-scripts.js';
import { parseSystemFacts, type SystemFacts } from './system-facts.js';

const known = new WeakMap<NodeAccess, Promise<SystemFacts>>();

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
export async function readSystem(access: NodeAccess, signal: AbortSignal): Promise<SystemFacts> {
  const reading = known.get(access) ?? read(access, signal);
  known.set(access, reading);
  try {
    return await reading;
  } catch (error) {
    known.delete(access);
    throw error;
  }
}
