import { ExhibitError } from '../../model/errors.js';
import type { CollectContext } from '../../ports/collector.js';
import { interrupted } from '../interrupted.js';
import { NulRows } from '../nul-rows.js';
import type { PlannedNode } from './planned-log.js';

const MAX_LINKS_BYTES = 16 * 1024 * 1024;

const LINKS_SCRIPT = `
cd -P -- "$ROOT/var/log/" && [ "$(pwd -P)" = "$(cd -P -- "$ROOT/" && pwd -P | sed 's:/$::')/var/log" ] || exit 64
find -P . -mindepth 1 -maxdepth 8 -type l -printf '%P\\0%l\\0'
`;

/** Where Docker keeps the file that the kubelet's link to a pod's log leads to. */
const DOCKER_LOG = /^\/var\/lib\/docker\/containers\/([0-9a-f]{64})\/\1-json\.log(?:\.\d{1,3}(?:\.gz)?)?$/;

/** Links below the node's log folder that lead to no log, with their targets, by their path there; bytes as Latin-1. */
export type LogLinks = ReadonlyMap<string, string>;

/**
 * Asks the node itself, where a way to it was asked for: the kubelet says of no name that it is a link, and follows every one as root.
 * `null` = there is no such way, or it did not answer. Throws `INTERRUPTED`.
 */
export async function readLinks({ node }: PlannedNode, context: CollectContext): Promise<LogLinks | null> {
  const links = new Map<string, string>();
  const rows = new NulRows(2, ([name, target]) => {
    const [path, leadsTo] = [name?.toString('latin1') ?? '', target?.toString('latin1') ?? ''];
    if (!(path.startsWith('pods/') && DOCKER_LOG.test(leadsTo))) links.set(path, leadsTo);
  });
  try {
    const access = await context.nodeAccess(node);
    const command = { name: 'kubelet-logs-links', script: LINKS_SCRIPT, maxBytes: MAX_LINKS_BYTES };
    const { end, exitStatus } = await access.run(
      { ...command, idleTimeoutMs: context.limits.idleTimeoutMs, signal: context.signal },
      {
        chunk: (bytes) => {
          rows.feed(bytes);
        },
      },
    );
    if (end === 'aborted') throw interrupted();
    return end === 'complete' && exitStatus === 0 ? links : null;
  } catch (error) {
    if (error instanceof ExhibitError && /^NODE_ACCESS_(?:REFUSED|LOST)$/.test(error.code)) return null;
    throw error;
  }
}
