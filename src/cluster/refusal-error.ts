import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { ApiRefusal, ApiRight } from '../model/api-refusal.js';
import { type ErrorCode, ExhibitError } from '../model/errors.js';

/** Names go into a command to copy only if no shell finds anything in them. */
function isPlain(text: string): boolean {
  return /^[a-z0-9][a-z0-9./-]*$/.test(text);
}

function mayI({ verb, group, resource, namespace, name }: ApiRight): readonly string[] {
  const [main = '', subresource] = resource.split('/');
  const qualified = `${main}${group === '' ? '' : `.${group}`}${name === '' ? '' : `/${name}`}`;
  if (![verb, qualified].every(isPlain)) return [];
  const below = subresource === undefined || !isPlain(subresource) ? '' : ` --subresource=${subresource}`;
  const where = isPlain(namespace) ? ` -n ${namespace}` : '';
  return [`kubectl auth can-i ${verb} ${qualified}${below}${where}`];
}

const CODES: Partial<Record<ApiRefusal['kind'], ErrorCode>> = {
  'forbidden': 'CLUSTER_FORBIDDEN',
  'not-found': 'TARGET_GONE',
};

/** A refusal for people, with the server's own words, escaped. `CLUSTER_FORBIDDEN`, `TARGET_GONE` or `CLUSTER_REFUSED`. */
export function refusalError(refusal: ApiRefusal, subject: string): ExhibitError {
  const words = escapeForTerminal(refusal.message === '' ? refusal.reason : refusal.message, 2000);
  const { verb, resource } = refusal.right;
  const what = `The API server refuses ${escapeForTerminal(`${verb} of ${resource}`, 100)} (${String(refusal.status)})`;
  return new ExhibitError(CODES[refusal.kind] ?? 'CLUSTER_REFUSED', `${what}: ${words}`, {
    subject,
    hints: refusal.kind === 'forbidden' ? mayI(refusal.right) : [],
    retryable: refusal.kind === 'server' || refusal.kind === 'throttled',
  });
}
