import { ExhibitError } from '../model/errors.js';
import type { ExecRequest } from '../ports/cluster-exec.js';

const MAX_ARGV_BYTES = 32 * 1024;
/** What the API takes for the name of a pod, a namespace or a container: no slash, no dot in front. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function parameter(name: string, value: string): string {
  // The URL parser of the client would write the apostrophe so as well, and the log must hold what was sent.
  return `${name}=${encodeURIComponent(value).replaceAll("'", '%27')}`;
}

/** Where an exec is asked for. Throws `INTERNAL` for what no server would take. */
export function execUrl(
  base: string,
  request: Pick<ExecRequest, 'namespace' | 'pod' | 'container' | 'argv' | 'stdin'>,
): string {
  const { namespace, pod, container, argv, stdin } = request;
  for (const name of [namespace, pod, container])
    if (!NAME.test(name)) throw new ExhibitError('INTERNAL', 'An exec names what can be no name.', { subject: name });
  const argvBytes = argv.reduce((sum, arg) => sum + Buffer.byteLength(arg), 0);
  if (argv.length === 0 || argvBytes > MAX_ARGV_BYTES || argv.some((arg) => arg.includes('\0')))
    throw new ExhibitError('INTERNAL', 'An exec has no program, or too long a command line.', { subject: pod });
  const query = [
    ...argv.map((arg) => parameter('command', arg)),
    parameter('container', container),
    ...(stdin.length === 0 ? [] : ['stdin=true']),
    'stdout=true',
    'stderr=true',
  ];
  return `${base}/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query.join('&')}`;
}
