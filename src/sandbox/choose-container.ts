import { arrayAt, stringAt } from '../lib/untyped.js';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function names(pod: unknown, kind: string): string[] {
  return arrayAt(pod, 'spec', kind).map((container) => stringAt(container, 'name') ?? '');
}

/** The container that is meant, or the server's question which one. */
export function chooseContainer(
  pod: unknown,
  podName: string,
  asked: string,
): { container: string } | { error: string } {
  const [main, init, ephemeral] = [
    names(pod, 'containers'),
    names(pod, 'initContainers'),
    names(pod, 'ephemeralContainers'),
  ];
  if (asked !== '') {
    const known = [...main, ...init, ...ephemeral].includes(asked);
    return known ? { container: asked } : { error: `container ${asked} is not valid for pod ${podName}` };
  }
  const preferred = stringAt(pod, 'metadata', 'annotations', DEFAULT_CONTAINER);
  if (preferred !== undefined && main.includes(preferred)) return { container: preferred };
  const only = main[0];
  if (main.length === 1 && only !== undefined) return { container: only };
  const others = [
    ...(init.length > 0 ? [` or one of the init containers: [${init.join(' ')}]`] : []),
    ...(ephemeral.length > 0 ? [` or one of the ephemeral containers: [${ephemeral.join(' ')}]`] : []),
  ];
  const choice = `choose one of: [${main.join(' ')}]${others.join('')}`;
  return { error: `a container name must be specified for pod ${podName}, ${choice}` };
}
