import type { Proof } from '../../model/outcome.js';
import type { CollectResult } from '../../ports/collector.js';
import type { NodeCommand } from '../../ports/node-access.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { deriveNodeLines } from '../derive-node-lines.js';
import { runNodeStep, type NodeStepEnd, type NodeWork } from '../node-step.js';
import { rawText } from '../raw-text.js';
import { bpfFindings, mentionsById, type BpfViews } from './bpf-findings.js';
import {
  isWholeList,
  mentionsOfArrays,
  mentionsOfCgroups,
  mentionsOfLinks,
  mentionsOfNet,
  mentionsOfPerf,
  parsePrograms,
  programArraysOf,
  type BpfMention,
  type BpfProgram,
  type NetMentions,
} from './bpf-views.js';
import { FdinfoView } from './fdinfo-view.js';
import { BPFTOOL_SCRIPT, CGROUP_ROOT, CGROUP_SCRIPT, FDINFO_SCRIPT, MAPS_SCRIPT, NET_SCRIPT } from './scripts.js';

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

  /** One question in whose answer a holder of programs might show. */
  async holders(step: string, answer: Promise<Answer>): Promise<Answer> {
    const { isWhole, ...rest } = await answer;
    const isRead = isWhole && isWholeList(rest.bytes);
    if (isWhole && !isRead) this.partial(step, 'malformed', 'not what bpftool prints, or more than is read');
    return { ...rest, isWhole: isRead };
  }

  /** The tree of control groups, whole only where it is known to begin at the root of all groups. */
  async controlGroups(): Promise<Answer> {
    const answer = await this.holders('cgroup', this.ask('cgroup', { script: CGROUP_SCRIPT }));
    const isFromRoot = (answer.end.captured?.end.stderr ?? '').split('\n').includes(CGROUP_ROOT);
    if (answer.isWhole && !isFromRoot)
      this.partial('cgroup', 'degraded', 'not known to begin at the root of all groups');
    return { ...answer, isWhole: answer.isWhole && isFromRoot };
  }

  async openFiles(step: string): Promise<{ readonly mentions: readonly BpfMention[]; readonly isWhole: boolean }> {
    const view = new FdinfoView();
    const { bytes, isWhole } = await this.ask(step, { script: FDINFO_SCRIPT }, 'grep');
    view.feed(bytes);
    const { mentions, refused, leftOut } = view;
    return { mentions, isWhole: isWhole && this.#isAllTold(step, { refused, leftOut, failed: 0 }) };
  }

  /** What hangs on the devices of every network namespace. */
  async devices(): Promise<{ readonly mentions: readonly BpfMention[]; readonly isWhole: boolean }> {
    const { bytes, isWhole } = await this.ask('net', { script: NET_SCRIPT }, 'txt');
    const { mentions, ...counts } = mentionsOfNet(bytes);
    return { mentions, isWhole: isWhole && this.#isAllTold('net', counts) };
  }

  /** The tables in which programs stand that other programs call. */
  async tables(maps: Buffer): Promise<{ readonly mentions: readonly BpfMention[]; readonly isWhole: boolean }> {
    const ids = programArraysOf(maps);
    if (ids.length === 0) return { mentions: [], isWhole: true };
    const stdin = Buffer.from(ids.map((id) => `${String(id)}\n`).join(''));
    const { bytes, isWhole } = await this.ask('program-arrays', { script: MAPS_SCRIPT, stdin }, 'txt');
    const { mentions, whole } = mentionsOfArrays(bytes);
    const failed = Math.max(0, ids.length - whole);
    if (isWhole && failed > 0)
      this.partial('program-arrays', 'command-failed', `${String(failed)} tables were not read`);
    return { mentions, isWhole: isWhole && failed === 0 };
  }

  /** The kernel's list; `null` = it could not be had. */
  async programs(step: string): Promise<{ readonly list: readonly BpfProgram[] | null; readonly isWhole: boolean }> {
    const { bytes, isWhole } = await this.bpftool(step, 'prog', 'show');
    if (!isWhole) return { list: null, isWhole };
    const list = parsePrograms(bytes);
    const isWholeOfIt = isWholeList(bytes);
    if (list === null) this.partial(step, 'malformed', 'not what bpftool prints');
    else if (!isWholeOfIt) this.partial(step, 'left-out', `only ${String(list.length)} programs were read`);
    return { list, isWhole: isWholeOfIt };
  }

  partial(step: string, reason: string, detail: string): void {
    this.gaps.push({ step, result: { outcome: 'partial', reason, detail, proof: {} } });
  }

  /** Says what a script did not see. Wholeness is what it said, not what it did not say. */
  #isAllTold(step: string, { failed, leftOut, refused }: Omit<NetMentions, 'mentions'>): boolean {
    if (failed > 0) this.partial(step, 'command-failed', `${String(failed)} network namespaces gave no answer`);
    if (leftOut === null || refused === null)
      this.partial(step, 'malformed', 'the script did not say what it left out');
    if (leftOut !== null && leftOut > 0) this.partial(step, 'left-out', `${String(leftOut)} are beyond the bound`);
    if (refused !== null && refused > 0) this.partial(step, 'denied', `${String(refused)} could not be read`);
    return failed === 0 && leftOut === 0 && refused === 0;
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
  const before = await reading.programs('prog');
  const open = await reading.openFiles('fdinfo');
  const maps = await reading.holders('map', reading.bpftool('map', 'map', 'show'));
  const links = await reading.holders('link', reading.bpftool('link', 'link', 'show'));
  const groups = await reading.controlGroups();
  const perf = await reading.holders('perf', reading.bpftool('perf', 'perf', 'show'));
  const devices = await reading.devices();
  const tables = await reading.tables(maps.bytes);
  const after = await reading.programs('prog-after');
  const openAgain = await reading.openFiles('fdinfo-after');
  return {
    before: before.list,
    after: after.list,
    mentions: [
      ...open.mentions,
      ...mentionsOfLinks(links.bytes),
      ...mentionsOfCgroups(groups.bytes),
      ...mentionsOfPerf(perf.bytes),
      ...devices.mentions,
      ...tables.mentions,
    ],
    mentionsAfter: openAgain.mentions,
    isListWhole: before.isWhole && after.isWhole,
    isEveryHolderRead: [open, maps, links, groups, perf, devices, tables].every(({ isWhole }) => isWhole),
  };
}

/** Without bpftool only what processes hold open shows. */
async function readOpenFiles(reading: Reading): Promise<BpfViews> {
  const { mentions } = await reading.openFiles('fdinfo');
  reading.partial('tools', 'tool-missing', 'not there: bpftool; only what processes hold open was read');
  return { before: null, after: null, mentions, mentionsAfter: [], isListWhole: false, isEveryHolderRead: false };
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
