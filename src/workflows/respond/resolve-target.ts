import { stringAt } from '../../lib/untyped.js';
import { shellWord } from '../../lib/shell-word.js';
import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { pathOf, readList, readObject } from '../quarantine/read-cluster.js';
import { assertName, assertNamespace } from '../quarantine/server-names.js';

/** What a response is about: `names` is one node, or `NAMESPACE/NAME` of one pod. */
export interface RespondTarget {
  readonly target: 'node' | 'pod';
  readonly name: string;
}

const HINTS = ['exhibit respond node/NAME', 'exhibit respond pod/NAMESPACE/NAME'];

function invalid(text: string, why: string): ExhibitError {
  return new ExhibitError('USAGE_INVALID', why, { subject: text, hints: HINTS, safe: 'Nothing was changed.' });
}

/** `null` = a bare name, which the cluster must be asked about. Throws `USAGE_INVALID`. */
export function parseTarget(text: string): RespondTarget | null {
  const parts = text.split('/');
  const [first = '', second = '', third = ''] = parts;
  if (parts.some((part) => part === '')) throw invalid(text, `this names neither a node nor a pod: "${text}"`);
  if (parts.length === 1) return null;
  if (parts.length === 2 && first === 'node') return { target: 'node', name: second };
  if (parts.length === 3 && first === 'pod') return { target: 'pod', name: `${second}/${third}` };
  throw invalid(text, `this names neither a node nor a pod: "${text}"`);
}

async function podsNamed(reader: ClusterReader, name: string): Promise<readonly RespondTarget[]> {
  const list = { path: pathOf('', 'pods'), field: `metadata.name=${name}`, what: 'pods of that name' };
  return (await readList(reader, list)).flatMap((pod) => {
    // A server may not know the selector, or not heed it.
    if (stringAt(pod, 'metadata', 'name') !== name) return [];
    const namespace = stringAt(pod, 'metadata', 'namespace') ?? '';
    assertNamespace(namespace, `pod ${name}`);
    return [{ target: 'pod', name: `${namespace}/${name}` }];
  });
}

/**
 * The node or pod that a name means; a bare one must fit one thing alone. Throws `USAGE_INVALID` with everything that it fits,
 * `TARGET_GONE`, `CLUSTER_FORBIDDEN` and as the port.
 */
export async function resolveTarget(text: string, reader: ClusterReader): Promise<RespondTarget> {
  const named = parseTarget(text);
  if (named !== null) return named;
  assertName(text, `"${text}"`);
  const node = await readObject(reader, pathOf('', 'nodes', text), `node ${text}`);
  const found: readonly RespondTarget[] = [
    ...(node === undefined ? [] : [{ target: 'node', name: text } as const]),
    ...(await podsNamed(reader, text)),
  ];
  const [only] = found;
  if (only === undefined)
    throw new ExhibitError('TARGET_GONE', `there is neither a node nor a pod of the name ${text}`, {
      subject: text,
      hints: ['kubectl get nodes', 'kubectl get pods --all-namespaces'],
      safe: 'Nothing was changed.',
    });
  if (found.length === 1) return only;
  throw new ExhibitError('USAGE_INVALID', `the name ${text} fits ${String(found.length)} things: say which is meant`, {
    subject: text,
    hints: found.map(({ target, name }) => `exhibit respond ${shellWord(`${target}/${name}`)}`),
    safe: 'Nothing was changed.',
  });
}
