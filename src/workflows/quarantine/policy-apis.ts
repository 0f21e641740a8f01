import { arrayAt, parseJson, stringAt } from '../../lib/untyped.js';
import type { ClusterActionKindName } from '../../model/action.js';
import { CALICO_TIER } from '../../plan/actions/deny-calico.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';

/** Where a network plugin takes policies that deny. */
export interface PolicyApi {
  readonly kind: ClusterActionKindName;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** What the names of its policies begin with. */
  readonly namePrefix: string;
}

export interface PolicyApis {
  /** Those that the server has, of each plugin one. */
  readonly served: readonly PolicyApi[];
  /** `cilium.io/v2`: whether they are there is not known. */
  readonly unknown: readonly string[];
}

const CALICO = { kind: 'deny-calico', resource: 'networkpolicies', namePrefix: `${CALICO_TIER}.` } as const;

/** Of each plugin the ways, the best first: the server of Calico checks what its bare objects do not. */
const PLUGINS: readonly (readonly PolicyApi[])[] = [
  [{ kind: 'deny-cilium', group: 'cilium.io', version: 'v2', resource: 'ciliumnetworkpolicies', namePrefix: '' }],
  [
    { ...CALICO, group: 'projectcalico.org', version: 'v3' },
    { ...CALICO, group: 'crd.projectcalico.org', version: 'v1' },
  ],
];

async function isServed({ group, version, resource }: PolicyApi, reader: Reader): Promise<boolean | null> {
  const answer = await reader.get({ path: `/apis/${group}/${version}`, kind: 'small' });
  if (answer.status === 404) return false;
  if (answer.status !== 200) return null;
  return arrayAt(parseJson(answer.body), 'resources').some((one) => stringAt(one, 'name') === resource);
}

type Reader = Pick<ClusterReader, 'get'>;

/** What the server announces of network plugins. Throws as the port. */
export async function readPolicyApis(reader: Reader): Promise<PolicyApis> {
  const served: PolicyApi[] = [];
  const unknown: string[] = [];
  for (const ways of PLUGINS)
    for (const api of ways) {
      const is = await isServed(api, reader);
      if (is === null) unknown.push(`${api.group}/${api.version}`);
      if (is !== true) continue;
      served.push(api);
      break;
    }
  return { served, unknown };
}
