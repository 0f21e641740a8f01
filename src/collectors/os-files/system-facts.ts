import type { Expectation } from '../../model/artifact-catalogue.js';
import type {
  NODE_PROVIDERS,
  NODE_ROLES,
  NODE_RUNTIMES,
  INIT_SYSTEMS,
  OS_FAMILIES,
} from '../../model/artifact-catalogue.js';

/** What the node says that it is: what is expected there depends on it. */
export interface SystemFacts {
  /** `ID` and `VERSION_ID` of os-release, printable ASCII, at most 64 characters. */
  readonly osId: string;
  readonly osVersion: string;
  readonly osFamily: (typeof OS_FAMILIES)[number];
  readonly init: (typeof INIT_SYSTEMS)[number];
  readonly runtimes: readonly (typeof NODE_RUNTIMES)[number][];
  readonly provider: (typeof NODE_PROVIDERS)[number];
  readonly role: (typeof NODE_ROLES)[number];
}

const FAMILY_OF_ID: Readonly<Record<string, SystemFacts['osFamily']>> = {
  'debian': 'debian',
  'ubuntu': 'debian',
  'rhel': 'rhel',
  'fedora': 'rhel',
  'centos': 'rhel',
  'amzn': 'rhel',
  'rocky': 'rhel',
  'almalinux': 'rhel',
  'ol': 'rhel',
  'suse': 'suse',
  'sles': 'suse',
  'opensuse-leap': 'suse',
  'opensuse-tumbleweed': 'suse',
  'alpine': 'alpine',
  'arch': 'arch',
  'flatcar': 'flatcar',
  'cos': 'cos',
  'bottlerocket': 'bottlerocket',
  'talos': 'talos',
};

/** How Azure's machines name themselves, wherever they run. */
const AZURE_ASSET_TAG = '7783-7084-3265-9085-8269-3286-77';

function releaseValue(lines: readonly string[], key: string): string {
  const line = lines.find((one) => one.startsWith(`${key}=`)) ?? '';
  return line
    .slice(key.length + 1)
    .replace(/^(["'])(.*)\1$/, '$2')
    .replace(/[^\x20-\x7e]/g, '')
    .slice(0, 64);
}

function familyOf(ids: readonly string[], marks: ReadonlySet<string>): SystemFacts['osFamily'] {
  const named = ids.map((id) => FAMILY_OF_ID[id]).find((family) => family !== undefined);
  if (named !== undefined) return named;
  // Without a release, or with one that nobody knows, the package manager tells.
  if (marks.has('/var/lib/dpkg/status')) return 'debian';
  return marks.has('/lib/apk/db/installed') ? 'alpine' : 'other';
}

function initOf(marks: ReadonlySet<string>, isLive: boolean): SystemFacts['init'] {
  // A running systemd makes this folder; its program alone may lie on a machine that something else started.
  if (marks.has('/run/systemd/system')) return 'systemd';
  const programs = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'];
  if (!isLive && programs.some((program) => marks.has(program))) return 'systemd';
  return marks.has('/sbin/openrc') ? 'openrc' : 'other';
}

function providerOf(dmi: ReadonlyMap<string, string>, marks: ReadonlySet<string>): SystemFacts['provider'] {
  const vendor = dmi.get('sys_vendor') ?? '';
  if (vendor === 'Amazon EC2' || (dmi.size === 0 && marks.has('/var/lib/amazon'))) return 'aws';
  if (vendor === 'Google') return 'gcp';
  return dmi.get('chassis_asset_tag') === AZURE_ASSET_TAG ? 'azure' : 'other';
}

const RUNTIME_MARKS = {
  containerd: [
    '/run/containerd',
    '/var/lib/containerd',
    '/etc/containerd',
    '/var/lib/rancher/k3s',
    '/var/lib/rancher/rke2',
  ],
  crio: ['/run/crio', '/var/lib/crio', '/etc/crio'],
  docker: ['/run/docker.sock', '/var/lib/docker'],
} as const;

const CONTROL_PLANE_MARKS = [
  '/etc/kubernetes/manifests/kube-apiserver.yaml',
  '/var/lib/rancher/k3s/server',
  '/var/lib/rancher/rke2/server',
  '/var/lib/etcd',
];

/** From the lines of the system script. Untrusted: what is not understood is `other`. */
export function parseSystemFacts(text: string, isLive: boolean): SystemFacts {
  const rows = text.split('\n').map((line) => line.split('\t'));
  const of = (kind: string): string[][] => rows.filter(([key]) => key === kind).map((row) => row.slice(1));
  const release = of('release').map(([line = '']) => line);
  const marks = new Set(of('mark').map(([mark = '']) => mark));
  const dmi = new Map(of('dmi').map(([key = '', value = '']) => [key, value.trim()] as const));
  const osId = releaseValue(release, 'ID');
  const runtimes = (['containerd', 'crio', 'docker'] as const).filter((runtime) =>
    RUNTIME_MARKS[runtime].some((mark) => marks.has(mark)),
  );
  return {
    osId,
    osVersion: releaseValue(release, 'VERSION_ID'),
    osFamily: familyOf([osId, ...releaseValue(release, 'ID_LIKE').split(' ')], marks),
    init: initOf(marks, isLive),
    runtimes,
    provider: providerOf(dmi, marks),
    role: CONTROL_PLANE_MARKS.some((mark) => marks.has(mark)) ? 'control-plane' : 'worker',
  };
}

function fits<T>(wanted: readonly T[] | undefined, found: readonly T[]): boolean {
  return wanted === undefined || wanted.some((one) => found.includes(one));
}

/** Whether an artifact must be on such a node. */
export function isExpected(expectation: Expectation, facts: SystemFacts): boolean {
  if (typeof expectation === 'string') return expectation === 'always';
  return (
    fits(expectation.osFamily, [facts.osFamily]) &&
    fits(expectation.init, [facts.init]) &&
    fits(expectation.runtime, facts.runtimes) &&
    fits(expectation.provider, [facts.provider]) &&
    fits(expectation.role, [facts.role])
  );
}
