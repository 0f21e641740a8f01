import type { Proof } from '../../model/outcome.js';
import type { CollectResult } from '../../ports/collector.js';
import type { NodeCommand } from '../../ports/node-access.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { deriveNodeLines } from '../derive-node-lines.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { rawText } from '../raw-text.js';
import { bpfFindings, mentionsById, type BpfViews } from './bpf-findings.js';
import {
  mentionsOfArrays,
  mentionsOfCgroups,
  mentionsOfLinks,
  mentionsOfNet,
  mentionsOfPerf,
  parsePrograms,
  programArraysOf,
} from './bpf-views.js';
import { FdinfoView } from './fdinfo-view.js';
import { BPFTOOL_SCRIPT, FDINFO_SCRIPT, MAPS_SCRIPT, NET_SCRIPT } from './scripts.js';

/** Of one answer; a longer one is kept and not understood. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_MENTIONS_SHOWN = 100;

interface Answer {
  readonly end: NodeStepEnd;
  /** Empty where it was torn: half a list would make everything else look hidden. */
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

class Reading {
  readonly ends: NodeStepEnd[] = [];
  readonly gaps: StepResult[] = [];
  readonly #work: NodeWork;

  constructor(work: NodeWork) {
    this.#work = work;
  }

  async ask(step: string, command: Omit<NodeCommand, 'name' | 'signal'>, extension = 'json'): Promise<Answer> {
    const chunks: Buffer[] = [];
    const end = await runNodeStep(this.#work, {
      step,
      file: `${step}.${extension}`,
      command: { maxBytes: MAX_ANSWER_BYTES, ...command },
      watch: (bytes) => {
        chunks.push(Buffer.from(bytes));
      },
    });
    this.ends.push(end);
    const isWhole = ['collected', 'empty'].includes(end.result.outcome);
    return { end, bytes: isWhole ? Buffer.concat(chunks) : Buffer.alloc(0), isWhole };
  }

  async bpftool(step: string, what: string, how: string): Promise<Answer> {
    return await this.ask(step, { script: BPFTOOL_SCRIPT, args: [what, how] });
  }

  async openFiles(step: string): Promise<FdinfoView & { readonly isWhole: boolean }> {
    const view = new FdinfoView();
    const { bytes, isWhole } = await this.ask(step, { script: FDINFO_SCRIPT }, 'grep');
    view.feed(bytes);
    return Object.assign(view, { isWhole });
  }

  partial(step: string, reason: string, detail: string): void {
    this.gaps.push({ step, result: { outcome: 'partial', reason, detail, proof: {} } });
  }
}

function* programLines({ before, after, mentions }: BpfViews): Generator<object> {
  const byId = mentionsById(mentions);
  const still = new Set((after ?? []).map(({ id }) => id));
  for (const { name, pinned, ...program } of before ?? []) {
    const held = byId.get(program.id) ?? [];
    yield {
      ...program,
      name: rawText(Buffer.from(name, 'utf8'), 64),
      pinned: pinned.map((path) => rawText(Buffer.from(path, 'utf8'), 512)),
      stillListed: after === null ? null : still.has(program.id),
      mentions: held
        .slice(0, MAX_MENTIONS_SHOWN)
        .map(({ by, where }) => ({ by, where: rawText(Buffer.from(where), 256) })),
      mentionsTotal: held.length,
    };
  }
}

function* findingLines(views: BpfViews): Generator<object> {
  for (const { name, mentions, ...finding } of bpfFindings(views))
    yield {
      ...finding,
      name: rawText(Buffer.from(name, 'utf8'), 64),
      mentions: mentions.map(({ by, where }) => ({ by, where: rawText(Buffer.from(where), 256) })),
    };
}

async function readViews(reading: Reading): Promise<BpfViews> {
  const list = await reading.bpftool('prog', 'prog', 'show');
  const open = await reading.openFiles('fdinfo');
  const maps = await reading.bpftool('map', 'map', 'show');
  const links = await reading.bpftool('link', 'link', 'show');
  const cgroups = await reading.bpftool('cgroup', 'cgroup', 'tree');
  const perf = await reading.bpftool('perf', 'perf', 'show');
  const net = await reading.ask('net', { script: NET_SCRIPT }, 'txt');
  const arrays = programArraysOf(maps.bytes);
  const stdin = Buffer.from(arrays.map((id) => `${String(id)}\n`).join(''));
  const tables =
    arrays.length === 0 ? null : await reading.ask('program-arrays', { script: MAPS_SCRIPT, stdin }, 'txt');
  const listAgain = await reading.bpftool('prog-after', 'prog', 'show');
  const openAgain = await reading.openFiles('fdinfo-after');
  const devices = mentionsOfNet(net.bytes);
  if (devices.failed > 0)
    reading.partial('net', 'command-failed', `${String(devices.failed)} network namespaces gave no answer`);
  const before = list.isWhole ? parsePrograms(list.bytes) : null;
  const after = listAgain.isWhole ? parsePrograms(listAgain.bytes) : null;
  for (const [name, answer, parsed] of [['prog', list, before] as const, ['prog-after', listAgain, after] as const])
    if (answer.isWhole && parsed === null) reading.partial(name, 'malformed', 'not what bpftool prints');
  const holders = [open, maps, links, cgroups, perf, net, ...(tables === null ? [] : [tables])];
  return {
    before,
    after,
    mentions: [
      ...open.mentions,
      ...mentionsOfLinks(links.bytes),
      ...mentionsOfCgroups(cgroups.bytes),
      ...mentionsOfPerf(perf.bytes),
      ...devices.mentions,
      ...mentionsOfArrays(tables?.bytes ?? Buffer.alloc(0)),
    ],
    mentionsAfter: openAgain.mentions,
    isEveryHolderRead: holders.every(({ isWhole }) => isWhole) && devices.failed === 0,
  };
}

/** Without bpftool only what processes hold open shows. */
async function readOpenFiles(reading: Reading): Promise<BpfViews> {
  const { mentions } = await reading.openFiles('fdinfo');
  reading.partial('tools', 'tool-missing', 'not there: bpftool; only what processes hold open was read');
  return { before: null, after: null, mentions, mentionsAfter: [], isEveryHolderRead: false };
}

/** Reads the programs that the kernel runs for others, by its own list and by all that holds them. */
export async function readPrograms(work: NodeWork): Promise<CollectResult> {
  const reading = new Reading(work);
  const hasTool = work.access.facts.tools['bpftool'] !== undefined;
  const views = hasTool ? await readViews(reading) : await readOpenFiles(reading);
  const derivedFrom = reading.ends.flatMap(({ captured }) => captured?.path ?? []);
  await deriveNodeLines(work, { name: 'bpf-programs', lines: programLines(views), derivedFrom });
  await deriveNodeLines(work, { name: 'bpf-findings', lines: findingLines(views), derivedFrom });
  const proof = {
    programs: views.before?.length ?? -1,
    mentions: views.mentions.length,
    findings: bpfFindings(views).length,
  };
  return judged(reading, proof);
}

function judged({ ends, gaps }: Reading, proof: Proof): CollectResult {
  if (ends.some(({ captured }) => captured?.path !== null && captured !== null))
    return combineResults([began(), ...ends, ...gaps], proof);
  const failed = ends.find(({ result }) => result.outcome !== 'empty');
  if (failed !== undefined) return { ...failed.result, proof };
  const [gap] = gaps;
  if (gap === undefined) return { outcome: 'empty', reason: 'no-programs', detail: '', proof };
  return { ...gap.result, outcome: 'skipped', proof };
}

const began = (): StepResult => ({
  step: 'begin',
  result: { outcome: 'collected', reason: 'complete', detail: '', proof: {} },
});
