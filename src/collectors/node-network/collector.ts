import type { Collector } from '../../ports/collector.js';
import { planParts, readProcessPart, type PartReaders } from '../part-readers.js';
import { readConfiguration, readConntrack } from './read-configuration.js';
import { readSockets } from './read-sockets.js';

const ID = 'node-network';

const DOC = `
The network of each node in scope as its kernel says it, **for every network namespace**: that of the node, of each pod, and of those that
have a name or an open file and no process. In \`data/nodes/<node>/node-network/\` as the node gave it, and in
\`data/derived/nodes/<node>/\` as JSON lines. Three parts:

- **sockets**: \`/proc/<pid>/net/\` \`tcp\`, \`udp\`, \`raw\`, \`icmp\`, \`unix\`, \`packet\`, \`netlink\` and \`sctp\`, once before and once after the same sockets over
  netlink (\`ss\`) and the open files of all processes. \`connections.jsonl\` has one line per socket with state, process, pod and
  container: two such lists of one node can be compared. \`network-namespaces.jsonl\` says of each namespace what became of it.
- **conntrack**: the connections that the packet filter follows, where the kernel shows them or the tool is there.
- **configuration**: addresses, routes of all tables, rules, neighbours, nftables, iptables, virtual servers.

A socket that lasts and that only one of the two views knows is a finding in \`network-findings.jsonl\`, as is one that listens and that no
process has open: some are the kernel's own. A namespace that ended while it was read is named. The tools are those of the far side's own
image; only the network namespace is entered, no file of a container is run. The kernel may load its own modules to answer them
(\`inet_diag\`, \`nf_tables\`, \`nf_conntrack_netlink\`). The name of a Unix socket may hold line ends and so look like a second socket: only
one that a process has open is more than a claim. What eBPF forwards passes by conntrack.
`;

const TOOLS = { grep: 'GNU grep', find: 'findutils', stat: 'coreutils' };

/** In the order in which they are read: what ends first is read first. */
const PARTS: PartReaders = {
  sockets: { source: '/proc/<pid>/net', read: readSockets },
  conntrack: { source: '/proc/<pid>/net/nf_conntrack', read: readConntrack },
  configuration: { source: 'ip, nft, iptables-save in each network namespace', read: readConfiguration },
};

export const collector: Collector = {
  id: ID,
  title: 'Network of the nodes and pods',
  doc: DOC.trim(),
  volatility: 'V1',
  tags: ['node', 'network', 'volatile'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [],
  plan: (context) => planParts(ID, PARTS, context),
  collect: async (planned, context) =>
    await readProcessPart({ collector: ID, readers: PARTS, tools: TOOLS }, planned, context),
};
