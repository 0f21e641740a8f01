import { parseJson } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';

type Reader = Pick<ClusterReader, 'get' | 'list'>;

/** A plan must know all of what it is about; longer lists are refused. */
const MAX_OBJECTS = 50_000;

/** `/api/v1/namespaces/shop/pods/cart` of its parts. */
export function pathOf(group: string, ...parts: readonly string[]): string {
  const root = group === '' ? '/api/v1' : `/apis/${group}/v1`;
  return [root, ...parts.map((part) => encodeURIComponent(part))].join('/');
}

function refused(what: string, status: number | null, path: string): ExhibitError {
  if (status === 403)
    return new ExhibitError('CLUSTER_FORBIDDEN', `reading ${what} is forbidden, and the plan needs it`, {
      subject: path,
      hints: ['kubectl apply -f templates/rbac/collector-readonly.yaml'],
      safe: 'Nothing was changed.',
    });
  return new ExhibitError('CLUSTER_PROTOCOL', `reading ${what} answered ${String(status ?? 'nothing whole')}`, {
    subject: path,
    safe: 'Nothing was changed.',
  });
}

/** `undefined` when there is none of that name. Throws `CLUSTER_FORBIDDEN`, `CLUSTER_PROTOCOL` and as the port. */
export async function readObject(cluster: Reader, path: string, what: string): Promise<unknown> {
  const answer = await cluster.get({ path, kind: 'small' });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refused(what, answer.status, path);
  return parseJson(answer.body);
}

/** Throws `TARGET_GONE` besides. */
export async function readNamed(cluster: Reader, path: string, what: string): Promise<unknown> {
  const object = await readObject(cluster, path, what);
  if (object !== undefined) return object;
  throw new ExhibitError('TARGET_GONE', `${what} does not exist`, {
    subject: what,
    hints: [what.startsWith('node ') ? 'kubectl get nodes' : 'kubectl get pods --all-namespaces'],
    safe: 'Nothing was changed.',
  });
}

/** A whole list, or an error: what is not known cannot be planned about. */
export async function readList(
  cluster: Reader,
  { path, field, what }: { readonly path: string; readonly field?: string; readonly what: string },
): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  const query = field === undefined ? [] : [['fieldSelector', field] as const];
  const end = await cluster.list({ path, query }, async (page) => {
    // A list that expired was begun again.
    if (page.number === 1) items.length = 0;
    if (items.length + page.items.length > MAX_OBJECTS)
      throw new ExhibitError('LIMIT_REACHED', `the list of ${what} is longer than a plan can take`, { subject: path });
    for (const item of page.items) items.push(item);
    await Promise.resolve();
  });
  if (!end.complete) throw refused(what, end.status, path);
  return items;
}
