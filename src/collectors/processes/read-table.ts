import type { CollectResult } from '../../ports/collector.js';
import { combineResults, type StepResult } from '../combine-results.js';
import { deriveNodeLines } from '../derive-node-lines.js';
import { runNodeStep, type NodeWork } from '../node-step.js';
import { CommandLines } from './command-lines.js';
import { FileRows } from './file-rows.js';
import { ProcessLinks } from './process-links.js';
import { processLine, type ProcessViews } from './process-line.js';
import { ProcessTable } from './process-table.js';
import { raceOf } from './table-race.js';
import {
  AFTER_SCRIPT,
  EXECUTABLES_SCRIPT,
  GUARDED_SCRIPT,
  GUARDED_STRINGS,
  LINKS_SCRIPT,
  STATUS_SCRIPT,
} from './scripts.js';
import { StartTimes } from './start-times.js';

const MAX_STREAM_BYTES = 512 * 1024 * 1024;

async function sweep(work: NodeWork): Promise<{ steps: StepResult[]; views: ProcessViews; paths: string[] }> {
  const table = new ProcessTable();
  const links = new ProcessLinks();
  const commandLines = new CommandLines();
  const executables = new FileRows();
  const after = new StartTimes();
  const maxBytes = MAX_STREAM_BYTES;
  const ends = [
    await runNodeStep(work, {
      step: 'status',
      file: 'status.grep',
      command: { script: STATUS_SCRIPT, maxBytes },
      watch: (bytes) => {
        table.feed(bytes);
      },
      changed: () => raceOf(table, after.byPid).shown !== '',
    }),
    await runNodeStep(work, {
      step: 'command-lines',
      file: 'cmdline.grep',
      sensitivity: 'personal',
      command: { script: GUARDED_SCRIPT, args: ['cmdline', ...GUARDED_STRINGS], maxBytes },
      watch: (bytes) => {
        commandLines.feed(bytes);
      },
    }),
    await runNodeStep(work, {
      step: 'links',
      file: 'links.find',
      command: { script: LINKS_SCRIPT, maxBytes },
      watch: (bytes) => {
        links.feed(bytes);
      },
    }),
    await runNodeStep(work, {
      step: 'executables',
      file: 'executables.stat',
      command: { script: EXECUTABLES_SCRIPT, maxBytes },
      watch: (bytes) => {
        executables.feed(bytes);
      },
    }),
    await runNodeStep(work, {
      step: 'after',
      file: 'status-after.grep',
      command: { script: AFTER_SCRIPT, maxBytes },
      watch: (bytes) => {
        after.feed(bytes);
      },
    }),
  ];
  table.end();
  after.end();
  const files = new Map(executables.files.map((file) => [Number.parseInt(file.name, 10), file]));
  const views = { table, links, commandLines, files, race: raceOf(table, after.byPid), rung: work.access.facts.rung };
  const paths = ends.flatMap(({ captured }) => captured?.path ?? []);
  return { steps: ends, views, paths };
}

async function derive(work: NodeWork, views: ProcessViews, derivedFrom: readonly string[]) {
  const counts = { unreadable: 0, deleted: 0, own: 0, inPods: 0 };
  const lines = function* (): Generator<object> {
    for (const entry of [...views.table.entries.values()].toSorted((one, other) => one.pid - other.pid)) {
      const line = processLine(entry, views);
      if (line.unread.includes('exe') && line.read === 'whole' && !line.own) counts.unreadable += 1;
      if (line.exe?.deleted === true) counts.deleted += 1;
      if (line.own) counts.own += 1;
      if (line.podUid !== null) counts.inPods += 1;
      yield line;
    }
  };
  await deriveNodeLines(work, { name: 'processes', sensitivity: 'personal', lines: lines(), derivedFrom });
  return counts;
}

/** What of the table could not be had although every script ended well. */
function shortcomings(views: ProcessViews, unreadable: number): StepResult[] {
  const found: StepResult[] = [];
  const gap = (step: string, reason: string, detail: string): void => {
    found.push({ step, result: { outcome: 'partial', reason, detail, proof: {} } });
  };
  const { blocked, cut } = views.commandLines;
  if (blocked.size > 0) {
    const pids = [...blocked].slice(0, 20).join(', ');
    gap('command-lines', 'blocked', `the memory of ${String(blocked.size)} processes did not answer: ${pids}`);
  }
  if (cut.size > 0) {
    const pids = [...cut].slice(0, 20).join(', ');
    gap('command-lines', 'limit', `read at their beginning only, since an argument is too long: ${pids}`);
  }
  if (unreadable > 0)
    gap('links', 'denied', `what ${String(unreadable)} processes run and have open is hidden from this user`);
  if (views.table.isFull) gap('derived', 'limit', 'there are more processes than are derived; the raw stream has all');
  return found;
}

/** The process table as one sweep, kept raw and joined to one line per process. */
export async function readTable(work: NodeWork): Promise<CollectResult> {
  const { steps, views, paths } = await sweep(work);
  if (views.table.entries.size === 0) {
    const nothing = combineResults(steps, { processes: 0 });
    if (nothing.outcome !== 'collected') return nothing;
    return { ...nothing, outcome: 'partial', reason: 'unparsed', detail: 'No process could be read in the stream.' };
  }
  const counts = await derive(work, views, paths);
  const { race } = views;
  return combineResults([...steps, ...shortcomings(views, counts.unreadable)], {
    processes: views.table.entries.size,
    ...counts,
    vanished: race.vanished.size,
    appeared: race.appeared.size,
    reused: race.reused.size,
    races: race.shown,
  });
}
