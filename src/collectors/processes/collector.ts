import type { Collector } from '../../ports/collector.js';
import { planParts, readProcessPart, type PartReaders } from '../part-readers.js';
import { readDeleted } from './read-deleted.js';
import { readExecutables } from './read-executables.js';
import { readHidden } from './read-hidden.js';
import { readEnvironment, readMaps, readMounts, readOpenFiles } from './read-memory.js';
import { readTable } from './read-table.js';

const ID = 'processes';

const DOC = `
The processes of each node in scope, by a way that was asked for with \`--node-access\`, in \`data/nodes/<node>/processes/\` as the node
gave them and in \`data/derived/nodes/<node>/\` as JSON lines. Eight parts; what ends first is read first:

- **table**: \`stat\`, \`status\`, \`cgroup\`, \`loginuid\`, \`limits\`, user maps, command lines, the links \`exe\`, \`cwd\`, \`root\`, namespaces and open
  files, joined in \`processes.jsonl\`: one line per process with its pod and container by control group (version 1 and 2, both drivers).
- **deleted**: what is run or open and has no name any more, memfd included: the bytes, one payload file each, read through the kernel's
  reference; at most 256 files, 256 MiB each, 2 GiB in all. \`deleted-files.jsonl\` says of each what became of it.
- **executables**: device, inode, owner, times and SHA-256 of each file that is run, through \`/proc/<pid>/exe\`, once per file.
- **environment** (secret), **maps**, **open-files** (position and flags), **mounts** (once per namespace): raw only.
- **hidden**: every number up to the highest that was given is asked for by itself. What answers four times and is in no listing is a
  finding in \`hidden-processes.jsonl\`.

**Races are told**: the start times are read again in the end; a process that ended, began or took over a number meanwhile is counted
and named in the proof, and marked in its line. A process whose memory does not answer within seconds is named and makes its part
\`partial\`, reason \`blocked\`. Our own processes are in the raw files and marked \`own\` in the derived ones. Names, arguments and
targets are what the process chose. All of it is the word of the node's kernel: a kernel that hides a process from every question hides it here.
`;

const TOOLS = { grep: 'GNU grep', find: 'findutils', stat: 'coreutils', sha256sum: 'coreutils' };

/** In the order in which they are read: what ends first is read first. */
const PARTS: PartReaders = {
  'table': { source: '/proc/<pid>', read: readTable },
  'deleted': { source: '/proc/<pid>/exe, /proc/<pid>/fd', read: readDeleted },
  'executables': { source: '/proc/<pid>/exe', read: readExecutables },
  'environment': { source: '/proc/<pid>/environ', read: readEnvironment },
  'open-files': { source: '/proc/<pid>/fdinfo', read: readOpenFiles },
  'maps': { source: '/proc/<pid>/maps', read: readMaps },
  'mounts': { source: '/proc/<pid>/mountinfo', read: readMounts },
  'hidden': { source: '/proc/<number>', read: readHidden },
};

export const collector: Collector = {
  id: ID,
  title: 'Processes of the nodes',
  doc: DOC.trim(),
  volatility: 'V1',
  tags: ['node', 'processes', 'volatile'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [],
  plan: (context) => planParts(ID, PARTS, context),
  collect: async (planned, context) =>
    await readProcessPart({ collector: ID, readers: PARTS, tools: TOOLS }, planned, context),
};
