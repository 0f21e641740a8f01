import { arrayAt, stringsAt } from '../../lib/untyped.js';
import { type Check, check } from './check.js';

const AUDIT = ['--audit-log-path', '--audit-webhook-config-file'];
const DEFAULT_EVENT_TTL = '1h0m0s';

function argumentsOf(pod: unknown): readonly string[] {
  return arrayAt(pod, 'spec', 'containers').flatMap((one) => [...stringsAt(one, 'command'), ...stringsAt(one, 'args')]);
}

function valueOf(words: readonly string[], name: string): string | null {
  const at = words.findIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = words[at];
  if (word === undefined) return null;
  return word === name ? (words[at + 1] ?? '') : word.slice(name.length + 1);
}

const HIDDEN = 'the control plane is not to be seen';

function auditCheck(servers: readonly (readonly string[])[]): Check {
  const subject = 'audit log of the API server';
  if (servers.length === 0)
    return check('audit-policy', subject, {
      state: 'unknown',
      reason: `${HIDDEN}: whether there is an audit log is a setting of the provider`,
      remedy: 'On EKS: aws eks describe-cluster --name CLUSTER --query cluster.logging',
    });
  const where = AUDIT.flatMap((name) => servers.map((words) => valueOf(words, name))).find((one) => one !== null);
  const policy = servers.map((words) => valueOf(words, '--audit-policy-file')).find((one) => one !== null);
  if (where === undefined || policy === undefined)
    return check('audit-policy', subject, {
      state: 'degraded',
      reason: 'none is written: who did what before is known from objects and events alone',
      remedy: 'Set --audit-policy-file and --audit-log-path of the API server',
    });
  return check('audit-policy', subject, { state: 'works', reason: `${where}, by the policy ${policy}` });
}

function eventCheck(servers: readonly (readonly string[])[]): Check {
  const given = servers.map((words) => valueOf(words, '--event-ttl')).find((one) => one !== null);
  const ttl = given ?? DEFAULT_EVENT_TTL;
  const reason =
    servers.length === 0
      ? `${HIDDEN}; the default is ${DEFAULT_EVENT_TTL}: collect before they are gone`
      : `events are kept for ${ttl}`;
  return check('event-ttl', 'events', { state: servers.length === 0 ? 'unknown' : 'works', reason });
}

/** What the static pods of API servers say of audit log and events; no pods = the control plane is somebody else's. */
export function apiServerChecks(pods: readonly unknown[]): readonly Check[] {
  const servers = pods.map(argumentsOf);
  return [auditCheck(servers), eventCheck(servers)];
}
