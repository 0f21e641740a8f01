import type { Progress } from '../ports/io.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { renderAbout, renderBytes } from './quantities.js';

/** Progress with what the screen adds to it. */
export interface ViewState {
  readonly progress: Progress;
  /** Since the first progress of this run, milliseconds. */
  readonly elapsedMs: number;
  /** `done` and `bytes` at that moment: a resumed run begins with what an earlier one did. */
  readonly doneAtStart: number;
  readonly bytesAtStart: number;
  /** What will be lost soon, newest last. */
  readonly losing: readonly string[];
}

const MAX_SOURCES = 3;
const MAX_LOSING = 3;

function etaMs(state: ViewState): number | null {
  const { done, total } = state.progress;
  const doneHere = done - state.doneAtStart;
  if (total === null || doneHere <= 0 || state.elapsedMs < 1000) return null;
  return ((total - done) * state.elapsedMs) / doneHere;
}

/** One line: phase, counts, bytes, rate, time left, gaps. */
export function renderProgressLine(state: ViewState): string {
  const { phase, done, total, bytes, gaps } = state.progress;
  const parts = [
    escapeForTerminal(phase, 40),
    `${String(done)}/${total === null ? '?' : String(total)}`,
    renderBytes(bytes),
  ];
  if (state.elapsedMs >= 1000) parts.push(`${renderBytes(((bytes - state.bytesAtStart) * 1000) / state.elapsedMs)}/s`);
  const eta = etaMs(state);
  if (eta !== null && eta > 0) parts.push(`about ${renderAbout(eta)} left`);
  if (gaps > 0) parts.push(`${String(gaps)} ${gaps === 1 ? 'gap' : 'gaps'}`);
  return parts.join('  ');
}

/** The live view: at most ten lines, each shorter than the terminal is wide, printable ASCII only. */
export function renderLiveView(state: ViewState, columns: number): string[] {
  const width = Math.max(20, columns - 1);
  const { current, lastError, within } = state.progress;
  const output = [...(within === undefined ? [] : [escapeForTerminal(within)]), renderProgressLine(state)];
  for (const source of current.slice(0, MAX_SOURCES)) output.push(`  reading ${escapeForTerminal(source)}`);
  if (current.length > MAX_SOURCES) output.push(`  and ${String(current.length - MAX_SOURCES)} more`);
  if (lastError !== null) output.push(`  last error: ${escapeForTerminal(lastError)}`);
  for (const text of state.losing.slice(-MAX_LOSING)) output.push(`  losing soon: ${escapeForTerminal(text)}`);
  return output.map((line) => (line.length <= width ? line : `${line.slice(0, width - 3)}...`));
}
