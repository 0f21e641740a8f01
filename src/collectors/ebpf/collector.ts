import type { Collector } from '../../ports/collector.js';
import { planParts, readProcessPart, type PartReaders } from '../part-readers.js';
import { readPrograms } from './read-programs.js';

const ID = 'ebpf';

const DOC = `
The programs of eBPF that the kernel of each node in scope runs, by a way that was asked for with \`--node-access\`. As \`bpftool\` of the far
side's own image says it, in \`data/nodes/<node>/ebpf/\`: \`prog.json\`, \`map.json\`, \`link.json\`, \`cgroup.json\`, \`perf.json\`, \`net.txt\` of every
network namespace, tables of programs that call each other; and, independent of it, \`fdinfo.grep\`: what the kernel says of each open
file of a process that is a program or link. No content of other maps is read. \`data/derived/nodes/<node>/bpf-programs.jsonl\` has one line per
program with all that mentions it.

**A program that only one of the views knows is a finding** in \`bpf-findings.jsonl\`: \`bpf-program-not-listed\` is held or attached, and the
kernel's list leaves it out; \`bpf-program-without-visible-holder\` is listed before and after, and no open file, pin, link, control group,
device, tracing event or table holds it: a socket may, or the kernel itself, or a process that is hidden. Without \`bpftool\` only open files
are read (\`tool-missing\`). Classic socket filters are not eBPF and are in no list.
`;

const TOOLS = { grep: 'GNU grep', find: 'findutils' };

const PARTS: PartReaders = {
  programs: { source: 'bpftool, /proc/<pid>/fdinfo', read: readPrograms },
};

export const collector: Collector = {
  id: ID,
  title: 'eBPF programs of the nodes',
  doc: DOC.trim(),
  volatility: 'V2',
  tags: ['node', 'kernel', 'volatile'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [],
  plan: (context) => planParts(ID, PARTS, context),
  collect: async (planned, context) =>
    await readProcessPart({ collector: ID, readers: PARTS, tools: TOOLS }, planned, context),
};
