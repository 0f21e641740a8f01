import { arrayAt, stringAt, valueAt } from '../../../lib/untyped.js';
import { keysOf, labelsOf, selects } from '../../../plan/network/label-selector.js';
import type { ClusterReader } from '../../../ports/cluster-reader.js';
import { pathOf, readList, readObject } from '../read-cluster.js';
import { isLocalVolume } from './pod-volumes.js';

type Reader = Pick<ClusterReader, 'get' | 'list'>;

const ADMISSION = 'admissionregistration.k8s.io';
const WEBHOOKS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;

/** A Service that admissions wait for; without an answer they refuse. */
interface ClosedWebhook {
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
}

function closedWebhooksOf(configuration: unknown): readonly ClosedWebhook[] {
  return arrayAt(configuration, 'webhooks').flatMap((webhook) => {
    const at = (key: string): string => stringAt(webhook, 'clientConfig', 'service', key) ?? '';
    const isOpen = stringAt(webhook, 'failurePolicy') === 'Ignore';
    if (isOpen || at('name') === '') return [];
    return [{ name: stringAt(webhook, 'name') ?? '', namespace: at('namespace'), service: at('name') }];
  });
}

/** What must be known of a cluster to move a pod, each read once and only when it is asked for. Throws as `readList`. */
export class ShiftFacts {
  readonly #cluster: Reader;
  readonly #lists = new Map<string, Promise<readonly unknown[]>>();

  constructor(cluster: Reader) {
    this.#cluster = cluster;
  }

  async #list(path: string, what: string): Promise<readonly unknown[]> {
    const known = this.#lists.get(path) ?? readList(this.#cluster, { path, what });
    this.#lists.set(path, known);
    return await known;
  }

  async podsOf(namespace: string): Promise<readonly unknown[]> {
    return await this.#list(pathOf('', 'namespaces', namespace, 'pods'), 'pods');
  }

  /** Webhooks that fail closed and are served by this pod, among others: their names, and by what labels they find their pods. */
  async webhooksOf(pod: unknown): Promise<readonly { readonly name: string; readonly selector: unknown }[]> {
    const namespace = stringAt(pod, 'metadata', 'namespace') ?? '';
    const closed: ClosedWebhook[] = [];
    for (const resource of WEBHOOKS)
      closed.push(...(await this.#list(pathOf(ADMISSION, resource), resource)).flatMap(closedWebhooksOf));
    const here = closed.filter((one) => one.namespace === namespace);
    if (here.length === 0) return [];
    const services = await this.#list(pathOf('', 'namespaces', namespace, 'services'), 'services');
    return here.flatMap(({ name, service }) => {
      const found = services.find((one) => stringAt(one, 'metadata', 'name') === service);
      const selector = { matchLabels: valueAt(found, 'spec', 'selector') ?? {} };
      return keysOf(selector).length > 0 && selects(selector, labelsOf(pod)) ? [{ name, selector }] : [];
    });
  }

  /** Why the data of a claim stays on the node, in words; `null` = it can be had elsewhere. */
  async claimLost(namespace: string, claim: string): Promise<string | null> {
    const path = pathOf('', 'namespaces', namespace, 'persistentvolumeclaims', claim);
    const bound = stringAt(await readObject(this.#cluster, path, `claim ${claim}`), 'spec', 'volumeName') ?? '';
    if (bound === '') return `which volume its claim ${claim} has is not known`;
    const volume = await readObject(this.#cluster, pathOf('', 'persistentvolumes', bound), `volume ${bound}`);
    if (volume === undefined) return `the volume ${bound} of its claim ${claim} does not exist`;
    return isLocalVolume(volume) ? `the volume of its claim ${claim} is on this node alone` : null;
  }
}
