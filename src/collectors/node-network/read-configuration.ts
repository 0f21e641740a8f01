import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { deriveNodeLines } from '../derive-node-lines.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { pairsFor, processesFor, type NamespaceInput } from './namespace-input.js';
import { NamespaceRecords, type Handles, type NamespaceConsumer } from './namespace-records.js';
import type { Namespaces } from './namespaces.js';
import { MAX_STREAM_BYTES, readNamespaces } from './read-sockets.js';
import {
  CONFIGURATION_SCRIPT,
  CONNTRACK_SCRIPT,
  STATUS_LINE,
  TABLES_ENTERED_SCRIPT,
  TABLES_SCRIPT,
} from './scripts.js';

/** What one tool or file said in one namespace. */
interface Section {
  lines: number;
  /** Exit status of the tool; `null` for a file. */
  status: string | null;
}

/** Counts the sections of every namespace as they go by. */
class Sections {
  readonly byNamespace = new Map<string, { readonly sections: Map<string, Section>; isSure: boolean }>();
  readonly #consumer: NamespaceConsumer = {
    record: (namespace, file, content) => {
      const { sections } = this.#of(namespace);
      const section = sections.get(file) ?? { lines: 0, status: null };
      sections.set(file, section);
      const text = content.toString('latin1', 0, 64);
      if (file.startsWith('tool/') && text.startsWith(STATUS_LINE)) section.status = text.slice(STATUS_LINE.length);
      else section.lines += 1;
    },
    sure: (namespace) => {
      this.#of(namespace).isSure = true;
    },
  };
  #records = new NamespaceRecords(new Map(), this.#consumer);

  /** Before each stream: what its script was given. */
  begin(handles: Handles): void {
    this.#records = new NamespaceRecords(handles, this.#consumer);
  }

  feed(bytes: Buffer): void {
    this.#records.feed(bytes);
  }

  #of(namespace: string): { readonly sections: Map<string, Section>; isSure: boolean } {
    const known = this.byNamespace.get(namespace);
    if (known !== undefined) return known;
    const fresh = { sections: new Map<string, Section>(), isSure: false };
    this.byNamespace.set(namespace, fresh);
    return fresh;
  }
}

function sectionLine(name: string, { lines, status }: Section): object {
  const hasFailed = status !== null && status !== '0';
  return { section: name, outcome: hasFailed ? 'failed' : lines === 0 ? 'empty' : 'collected', lines, status };
}

function* namespaceLines(namespaces: Namespaces, all: readonly Sections[]): Generator<object> {
  for (const namespace of namespaces.byInode.keys()) {
    const seen = all.flatMap(({ byNamespace }) => byNamespace.get(namespace) ?? []);
    const isSure = seen.length > 0 && seen.every((one) => one.isSure);
    const sections = seen.flatMap((one) => [...one.sections].map(([name, section]) => sectionLine(name, section)));
    yield { namespace, outcome: isSure ? 'collected' : 'failed', reason: isSure ? 'complete' : 'vanished', sections };
  }
}

function gap(step: string, reason: string, detail: string): StepResult {
  return { step, result: { outcome: 'partial', reason, detail, proof: {} } };
}

/** Namespaces that were not surely read, tools that failed somewhere, and tools that the far side lacks. */
function shortcomings(namespaces: Namespaces, all: readonly Sections[]): StepResult[] {
  const unsure = [...namespaces.byInode.keys()].filter(
    (inode) => !all.every(({ byNamespace }) => byNamespace.get(inode)?.isSure === true),
  );
  const failed = new Map<string, number>();
  for (const { byNamespace } of all)
    for (const { sections } of byNamespace.values())
      for (const [section, { status }] of sections)
        if (status !== null && status !== '0') failed.set(section, (failed.get(section) ?? 0) + 1);
  const gaps: StepResult[] = [];
  if (unsure.length > 0) {
    const detail = `${String(unsure.length)} namespaces ended or could not be entered: ${unsure.slice(0, 10).join(', ')}`;
    gaps.push(gap('namespaces', 'vanished', detail));
  }
  for (const [section, count] of failed)
    gaps.push(gap(section, 'command-failed', `failed in ${String(count)} namespaces; the raw stream has its words`));
  return gaps;
}

function missingTools({ access }: NodeWork, needed: readonly string[]): StepResult[] {
  const missing = needed.filter((tool) => access.facts.tools[tool] === undefined);
  return missing.length === 0 ? [] : [gap('tools', 'tool-missing', `not there: ${missing.join(', ')}`)];
}

interface Pass {
  readonly step: string;
  readonly script: string;
  readonly input: NamespaceInput;
  readonly sections: Sections;
}

async function runPass(work: NodeWork, { step, script, input, sections }: Pass): Promise<NodeStepEnd[]> {
  if (input.stdin.length === 0) return [];
  sections.begin(input.handles);
  const end = await runNodeStep(work, {
    step,
    file: `${step}.grep`,
    command: { script, stdin: input.stdin, maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      sections.feed(bytes);
    },
  });
  return [end];
}

interface Reading {
  readonly name: string;
  readonly tools: readonly string[];
  readonly passes: (namespaces: Namespaces) => readonly Pass[];
}

async function read(work: NodeWork, { name, tools, passes }: Reading): Promise<CollectResult> {
  const { end: links, namespaces } = await readNamespaces(work, `${name}.namespaces.find`);
  const ends: NodeStepEnd[] = [links];
  const all = new Set<Sections>();
  for (const pass of passes(namespaces)) {
    ends.push(...(await runPass(work, pass)));
    all.add(pass.sections);
  }
  const derivedFrom = ends.flatMap(({ captured }) => captured?.path ?? []);
  await deriveNodeLines(work, { name: `network-${name}`, lines: namespaceLines(namespaces, [...all]), derivedFrom });
  const steps = [...ends, ...missingTools(work, tools), ...shortcomings(namespaces, [...all])];
  return combineResults(steps, { namespaces: namespaces.byInode.size });
}

/** Addresses, routes, neighbours, packet filters and virtual servers of every namespace. */
export async function readConfiguration(work: NodeWork): Promise<CollectResult> {
  return await read(work, {
    name: 'configuration',
    tools: ['nsenter', 'ip', 'nft', 'iptables-save', 'ip6tables-save'],
    passes: (namespaces) => {
      const { processes, entered } = processesFor(namespaces, 0, new Set());
      const tables = new Sections();
      return [
        { step: 'tables', script: TABLES_SCRIPT, input: processes, sections: tables },
        { step: 'tables-entered', script: TABLES_ENTERED_SCRIPT, input: entered, sections: tables },
        { step: 'configuration', script: CONFIGURATION_SCRIPT, input: pairsFor(namespaces), sections: new Sections() },
      ];
    },
  });
}

/** The connections that the packet filter of every namespace follows. */
export async function readConntrack(work: NodeWork): Promise<CollectResult> {
  return await read(work, {
    name: 'conntrack',
    tools: ['nsenter', 'conntrack'],
    passes: (namespaces) => [
      { step: 'conntrack', script: CONNTRACK_SCRIPT, input: pairsFor(namespaces), sections: new Sections() },
    ],
  });
}
