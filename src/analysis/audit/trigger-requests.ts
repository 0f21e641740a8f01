import type { RequestAttributes } from '../../model/audit-policy.js';
import type { Actor, Trigger } from './detection.js';

/** Namespaces of an attack; those that a policy names are added. */
const NAMESPACES: readonly string[] = ['shop', 'default', 'kube-system'];
const ANY_OBJECT = 'any-object';

/** Identities that no policy should name. */
const IDENTITIES: Readonly<Record<Actor, Pick<RequestAttributes, 'user' | 'groups'>>> = {
  person: { user: 'somebody', groups: ['developers', 'system:authenticated'] },
  workload: {
    user: 'system:serviceaccount:shop:web',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
  },
  node: { user: 'system:node:worker-1', groups: ['system:nodes', 'system:authenticated'] },
  anonymous: { user: 'system:anonymous', groups: ['system:unauthenticated'] },
};

/** Requests that a trigger stands for, which differ in nothing but the namespace. */
export interface TriggerRequest {
  readonly trigger: Trigger;
  readonly actor: Actor;
  /** Those of the request in the first of the namespaces. */
  readonly attributes: RequestAttributes;
  /** Empty text = none. */
  readonly namespaces: readonly string[];
}

/** `pods/exec` or `deployments.apps` */
export function resourceOf(on: string): {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
} {
  const [, resource = '', subresource = '', group = ''] = /^([^/.]*)(?:\/([^.]*))?(?:\.(.*))?$/.exec(on) ?? [];
  return { group, resource, subresource };
}

/** What the server knows no name of: what does not exist yet, and what is many. */
const NAMELESS: readonly string[] = ['create', 'list', 'watch', 'deletecollection'];

function attributesOf(trigger: Trigger, actor: Actor, [verb, namespace]: readonly [string, string]): RequestAttributes {
  const identity = IDENTITIES[actor];
  if (trigger.path !== undefined) return { ...identity, verb, resource: null, path: trigger.path };
  const target = resourceOf(trigger.on);
  const isNameless = NAMELESS.includes(verb) && target.subresource === '';
  const name = isNameless ? '' : (trigger.name ?? ANY_OBJECT);
  return { ...identity, verb, resource: { ...target, name, namespace }, path: '' };
}

/** Every request that a trigger stands for: by each actor, with each verb, in each of the namespaces. */
export function requestsOf(trigger: Trigger, namedNamespaces: readonly string[]): readonly TriggerRequest[] {
  const { who = ['person', 'workload'], verbs, namespace, path } = trigger;
  const anywhere = [...new Set([...NAMESPACES, ...namedNamespaces])];
  const isNowhere = namespace === null || path !== undefined;
  const namespaces = isNowhere ? [''] : namespace === undefined ? anywhere : [namespace];
  return who.flatMap((actor) =>
    verbs.map((verb) => {
      return { trigger, actor, attributes: attributesOf(trigger, actor, [verb, namespaces[0] ?? '']), namespaces };
    }),
  );
}
