import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, Collector, CollectResult, PlanContext } from '../../ports/collector.js';
import { missingTools, nodePartSchema, planNodeParts } from '../node-part.js';
import type { NodeWork } from '../node-step.js';
import { oneAtATime } from '../one-at-a-time.js';
import { catalogue } from './catalogue.js';
import { collectEntry } from './collect-entry.js';
import { collectCoverage, noteOutcome } from './coverage.js';
import { readKernelText } from './read-kernel-text.js';
import { readSystem } from './read-system.js';
import { isExpected, type SystemFacts } from './system-facts.js';
import type { DigestName } from './taken-content.js';

const ID = 'os-files';
const COVERAGE = 'coverage';

const DOC = `
What the operating system of each node in scope keeps in files, by a way that was asked for with \`--node-access\`: journal, logs and
records of logins, SSH, users, what starts by itself, kernel, cloud agents, package databases, kubelet, network plugins, runtimes, logs of
pods that the API no longer serves. **What is taken stands in the catalogue**, one YAML file an artifact
([artifacts.md](artifacts.md)); each is one planned artifact a node, and where it was expected and is missing the outcome says what that
means. \`coverage.json\` has the number.

Each artifact is listed first, with everything that \`stat\` knows, before any file is opened (\`listing.nul\`). Then the files are
taken as one pax archive with attributes, numeric owners and holes (\`files.tar\`), or only their digests, or only the list: of private
keys and password hashes never a byte, of certificates what they say. Then they are listed again: what changed meanwhile is marked. In
\`data/derived/nodes/<node>/os-files/\` stands one line per file with its digest and what became of it, \`login-records.logins.jsonl\` has
the logins, \`pod-logs-on-disk.log-holes.jsonl\` what lies on the disk and the log API does not serve, by container and instance,
\`kernel-modules.jsonl\` which module one of the kernel's two lists hides.

**No link is followed**: a folder behind a link is a gap (\`behind-link\`) unless its target is a place of the artifact itself, and a link
is recorded as a link. FIFOs, sockets and devices are listed and not opened. A folder that somebody exchanges for a link between listing
and reading is not entered (\`changed-during-read\`). \`journald-exported\` has the entries of the journals as \`journalctl -o export\` of the far
side's own image writes them; the journals themselves are \`journald\`. All of it is the word of the node's kernel, or of its disk.
`;

const TOOLS = { find: 'findutils', tar: 'GNU tar', sha256sum: 'coreutils', xargs: 'findutils' } as const;
const JOURNAL_TOOLS = { ...TOOLS, journalctl: 'systemd' } as const;

async function* plan(context: PlanContext): AsyncGenerator<PlannedArtifact> {
  const entries = [...catalogue().values()].map(({ name, paths, volatility }) => {
    return { part: name, source: paths.join(' ').slice(0, 500), volatility };
  });
  // After everything else: it says what the others found.
  const coverage = { part: COVERAGE, source: 'derived', required: false, volatility: 'V6' as const };
  yield* planNodeParts(ID, [...entries, coverage], context);
  await Promise.resolve();
}

/** What the package database of such a system compares files with, besides SHA-256. */
function digestsOf({ osFamily }: SystemFacts): readonly DigestName[] {
  if (osFamily === 'debian') return ['md5'];
  return osFamily === 'alpine' ? ['sha1'] : [];
}

async function collectKnown(entry: CatalogueEntry, work: NodeWork): Promise<CollectResult> {
  const facts = await readSystem(work.access, work.context.signal);
  const result =
    missingTools(work.access, entry.content === 'journal-export' ? JOURNAL_TOOLS : TOOLS) ??
    (entry.content === 'kernel-text'
      ? await readKernelText(entry, work)
      : await collectEntry(entry, work, digestsOf(facts)));
  noteOutcome(work.access, entry.name, result.outcome);
  return { ...result, proof: { ...result.proof, expected: isExpected(entry.expectedOn, facts) } };
}

async function collect(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const part = nodePartSchema.parse(planned.data);
  const access = await context.nodeAccess(part.node);
  const work: NodeWork = { planned, part, collector: ID, access, context };
  if (part.part === COVERAGE) return await collectCoverage(catalogue().values(), work);
  const entry = catalogue().get(part.part);
  if (entry === undefined) {
    const detail = 'The catalogue of this version does not have it.';
    return { outcome: 'skipped', reason: 'unknown-artifact', detail, proof: {} };
  }
  // One listing of a node is in memory at a time.
  return await oneAtATime(access.facts, async () => await collectKnown(entry, work));
}

export const collector: Collector = {
  id: ID,
  title: 'Files of the operating system',
  doc: DOC.trim(),
  volatility: 'V4',
  tags: ['node', 'os', 'logs', 'persistence'],
  needsKubelet: false,
  needsNodeAccess: true,
  needs: ['nodes'],
  permissions: [],
  plan,
  collect,
};
