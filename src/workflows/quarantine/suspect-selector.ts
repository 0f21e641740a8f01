import { arrayAt, stringAt, valueAt } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';

/** How suspects are chosen among pods. */
export type SuspectSelector =
  | { readonly by: 'name'; readonly namespace: string; readonly name: string }
  /** Of its controller, or of the Deployment or CronJob behind that. */
  | { readonly by: 'owner'; readonly namespace: string; readonly kind: string; readonly name: string }
  /** `sha256:...` of an image that a container runs. */
  | { readonly by: 'image'; readonly digest: string }
  | { readonly by: 'label'; readonly key: string; readonly value: string };

const FORMS = 'NAMESPACE/POD, owner=NAMESPACE/KIND/NAME, image=sha256:DIGEST, label=KEY=VALUE';

function invalid(text: string): ExhibitError {
  return new ExhibitError('USAGE_INVALID', `this says no suspects: ${text}`, {
    subject: text,
    hints: [`--suspect takes one of: ${FORMS}`, '--suspect shop/cart-7d9f', '--suspect owner=shop/Deployment/cart'],
    safe: 'Nothing was changed.',
  });
}

type Form = readonly [form: RegExp, make: (one: string, two: string, three: string) => SuspectSelector];

const READERS: readonly Form[] = [
  [/^image=(sha256:[0-9a-f]{64})$/, (digest) => ({ by: 'image', digest })],
  [/^label=([^=]+)=([^=]*)$/, (key, value) => ({ by: 'label', key, value })],
  [/^owner=([^/=]+)\/([A-Za-z]+)\/([^/=]+)$/, (namespace, kind, name) => ({ by: 'owner', namespace, kind, name })],
  [/^([^/=]+)\/([^/=]+)$/, (namespace, name) => ({ by: 'name', namespace, name })],
];

/** Throws `USAGE_INVALID`. */
export function parseSuspect(text: string): SuspectSelector {
  for (const [form, make] of READERS) {
    const parts = form.exec(text);
    if (parts !== null) return make(parts[1] ?? '', parts[2] ?? '', parts[3] ?? '');
  }
  throw invalid(text);
}

/** The controller of a pod, as its owner reference says. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export function controllerOf(object: unknown): OwnerReference | null {
  const owner = arrayAt(object, 'metadata', 'ownerReferences').find((one) => valueAt(one, 'controller') === true);
  if (owner === undefined) return null;
  const at = (key: string): string => stringAt(owner, key) ?? '';
  return { apiVersion: at('apiVersion'), kind: at('kind'), name: at('name'), uid: at('uid') };
}

function runsImage(pod: unknown, digest: string): boolean {
  const lists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'];
  const statuses = lists.flatMap((list) => arrayAt(pod, 'status', list));
  // The form differs between runtimes: with a repository before it, or without.
  return statuses.some((status) => (stringAt(status, 'imageID') ?? '').endsWith(digest));
}

/** `behind`: the owner of the pod's controller, where it has one. */
export function isSuspect(pod: unknown, selector: SuspectSelector, behind: OwnerReference | null): boolean {
  const namespace = stringAt(pod, 'metadata', 'namespace');
  switch (selector.by) {
    case 'name':
      return namespace === selector.namespace && stringAt(pod, 'metadata', 'name') === selector.name;
    case 'owner':
      return (
        namespace === selector.namespace &&
        [controllerOf(pod), behind].some((one) => one?.kind === selector.kind && one.name === selector.name)
      );
    case 'image':
      return runsImage(pod, selector.digest);
    case 'label':
      return stringAt(pod, 'metadata', 'labels', selector.key) === selector.value;
  }
}
