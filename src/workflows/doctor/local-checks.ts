import { getToken } from '../../evidence/timestamp/get-token.js';
import type { Timestamper } from '../../ports/timestamper.js';
import { type Check, check, looked } from './check.js';

const GIB = 1_073_741_824;
/** What a collection from the API alone, and each node that is read, may take, generously; a guess, since no size is known before. */
const BASE_BYTES = 2 * GIB;
const NODE_BYTES = 4 * GIB;

/** What this machine has for a response, as the caller found it. */
export interface LocalFacts {
  readonly key: { readonly name: string; readonly problem: string | null };
  readonly trust: { readonly source: string; readonly keys: number; readonly problem: string | null };
  readonly cases: { readonly directory: string; readonly freeBytes: number | null; readonly problem: string | null };
  readonly timestampers: readonly Timestamper[];
}

function keyCheck({ name, problem }: LocalFacts['key']): Check {
  if (problem === null) return check('signing-key', name, { state: 'works', reason: 'its public half can be read' });
  return check('signing-key', name, { state: 'degraded', reason: problem, remedy: 'exhibit key new' });
}

function trustCheck({ source, keys, problem }: LocalFacts['trust']): Check {
  const found =
    problem ?? (keys === 0 ? 'nobody is trusted: what is verified here has signers that are not known' : null);
  if (found === null)
    return check('trust-list', source, { state: 'works', reason: `${String(keys)} signers are trusted` });
  return check('trust-list', source, {
    state: 'degraded',
    reason: found,
    remedy: 'exhibit key trust FILE.pub --principal WHO',
  });
}

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

function diskCheck({ directory, freeBytes, problem }: LocalFacts['cases'], nodesRead: number): Check {
  const wanted = BASE_BYTES + nodesRead * NODE_BYTES;
  const id = 'case-disk';
  if (freeBytes === null)
    return check(id, directory, { state: 'degraded', reason: problem ?? 'its free space is not known' });
  const isEnough = freeBytes >= wanted;
  return check(id, directory, {
    state: isEnough ? 'works' : 'degraded',
    reason: `${gib(freeBytes)} free; ${gib(wanted)} are a generous guess for this target, without memory and disks`,
    ...(isEnough ? {} : { remedy: 'Make room, or set EXHIBIT_HOME to another disk' }),
  });
}

const STAMPED = Buffer.from('exhibit doctor', 'utf8');

async function timestampChecks({ timestampers }: LocalFacts, signal: AbortSignal): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const timestamper of timestampers)
    checks.push(
      ...(await looked({ id: 'time-stamp', subject: timestamper.url, onError: 'degraded' }, async () => {
        await getToken(timestamper, STAMPED, signal);
        return { state: 'works', reason: 'it stamped a digest of ours' };
      })),
    );
  return checks;
}

/** Key, trust list, disk and time-stamping authorities; the latter are asked for a token of a fixed text. */
export async function localChecks(
  facts: LocalFacts,
  { nodesRead, signal }: { readonly nodesRead: number; readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  const stamps = await timestampChecks(facts, signal);
  return [keyCheck(facts.key), trustCheck(facts.trust), diskCheck(facts.cases, nodesRead), ...stamps];
}
