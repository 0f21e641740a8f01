import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { GrepRecords } from '../grep-records.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { NulRows } from '../nul-rows.js';
import {
  FDINFO_SCRIPT,
  GUARDED_GIVEN_SCRIPT,
  GUARDED_LINES,
  GUARDED_SCRIPT,
  GUARDED_STRINGS,
  MOUNT_NAMESPACES_SCRIPT,
} from './scripts.js';

const MAX_STREAM_BYTES = 1024 * 1024 * 1024;
/** Namespaces of mounts; a node has one for each container and a few more. */
const MAX_NAMESPACES = 20_000;

/** Which processes a guarded stream is of, and which did not answer. */
class Answers {
  readonly pids = new Set<string>();
  readonly blocked = new Set<string>();
  readonly cut = new Set<string>();
  readonly #records: GrepRecords;

  constructor(end: 'LF' | 'NUL') {
    this.#records = new GrepRecords(end, ({ name, content }) => {
      if (name === 'exhibit/blocked') this.blocked.add(content.toString('latin1').split('/')[0] ?? '');
      else if (name === 'exhibit/cut') this.cut.add(content.toString('latin1').split('/')[0] ?? '');
      else if (name !== 'exhibit/void') this.pids.add(name.split('/')[0] ?? '');
    });
  }

  feed(bytes: Buffer): void {
    this.#records.feed(bytes);
  }

  gaps(step: string): StepResult[] {
    const gap = (reason: string, pids: ReadonlySet<string>, words: string): StepResult[] => {
      const detail = `${words}: ${[...pids].slice(0, 20).join(', ')}`;
      return pids.size === 0 ? [] : [{ step, result: { outcome: 'partial', reason, detail, proof: {} } }];
    };
    return [
      ...gap('blocked', this.blocked, 'did not answer'),
      ...gap('limit', this.cut, 'read at its beginning only, since a line of it is too long'),
    ];
  }
}

/** What keeps this user from reading the memory of other processes; the kernel says no more than that there is nothing. */
function guarded({ access }: NodeWork): StepResult[] {
  const found = access.facts.degraded.find(({ reason }) => reason === 'not-root' || reason === 'processes-guarded');
  if (found === undefined) return [];
  return [{ step: 'rights', result: { outcome: 'partial', reason: 'degraded', detail: found.detail, proof: {} } }];
}

export async function readEnvironment(work: NodeWork): Promise<CollectResult> {
  const answers = new Answers('NUL');
  const end = await runNodeStep(work, {
    step: 'environment',
    file: 'environ.grep',
    sensitivity: 'secret',
    command: { script: GUARDED_SCRIPT, args: ['environ', ...GUARDED_STRINGS], maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      answers.feed(bytes);
    },
  });
  const steps = [end, ...answers.gaps('environment'), ...guarded(work)];
  return combineResults(steps, { processes: answers.pids.size, blocked: answers.blocked.size });
}

export async function readMaps(work: NodeWork): Promise<CollectResult> {
  const answers = new Answers('LF');
  const end = await runNodeStep(work, {
    step: 'maps',
    file: 'maps.grep',
    command: { script: GUARDED_SCRIPT, args: ['maps', ...GUARDED_LINES], maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      answers.feed(bytes);
    },
  });
  const steps = [end, ...answers.gaps('maps'), ...guarded(work)];
  return combineResults(steps, { processes: answers.pids.size, blocked: answers.blocked.size });
}

export async function readOpenFiles(work: NodeWork): Promise<CollectResult> {
  const end = await runNodeStep(work, {
    step: 'fdinfo',
    file: 'fdinfo.grep',
    command: { script: FDINFO_SCRIPT, maxBytes: MAX_STREAM_BYTES },
  });
  return combineResults([end, ...guarded(work)], { bytes: end.captured?.end.sizeBytes ?? 0 });
}

/** The mounts as each namespace sees them, through one process of it. */
export async function readMounts(work: NodeWork): Promise<CollectResult> {
  const members = new Map<string, string>();
  const rows = new NulRows(2, ([name, target]) => {
    const namespace = target?.toString('latin1') ?? '';
    const pid = /^(\d{1,10})\/ns\/mnt$/.exec(name?.toString('latin1') ?? '')?.[1];
    if (pid === undefined || !/^mnt:\[\d{1,12}\]$/.test(namespace) || members.size >= MAX_NAMESPACES) return;
    if (!members.has(namespace)) members.set(namespace, pid);
  });
  const namespaces = await runNodeStep(work, {
    step: 'namespaces',
    file: 'mount-namespaces.find',
    command: { script: MOUNT_NAMESPACES_SCRIPT, maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      rows.feed(bytes);
    },
  });
  const answers = new Answers('LF');
  const stdin = Buffer.from([...members.values()].map((pid) => `${pid}\0`).join(''), 'latin1');
  const mounts = await runNodeStep(work, {
    step: 'mounts',
    file: 'mountinfo.grep',
    command: { script: GUARDED_GIVEN_SCRIPT, args: ['mountinfo', ...GUARDED_LINES], stdin, maxBytes: MAX_STREAM_BYTES },
    watch: (bytes) => {
      answers.feed(bytes);
    },
  });
  const missing = [...members].filter(([, pid]) => !answers.pids.has(pid));
  const gaps: StepResult[] = answers.gaps('mounts');
  if (missing.length > 0) {
    const shown = missing.slice(0, 10).map(([namespace, pid]) => `${namespace} of ${pid}`);
    const detail = `${String(missing.length)} namespaces ended with their process or are empty: ${shown.join(', ')}`;
    gaps.push({ step: 'mounts', result: { outcome: 'partial', reason: 'vanished', detail, proof: {} } });
  }
  const proof = { namespaces: members.size, read: members.size - missing.length };
  return combineResults([namespaces, mounts, ...gaps, ...guarded(work)], proof);
}
