import { ERROR_TABLE, type ErrorCode } from '../model/errors.js';

const OF_EVERY_COMMAND: readonly ErrorCode[] = ['INTERNAL', 'USAGE_INVALID'];

/**
 * The description of a command with its exit codes, taken from the table of errors. `codes` are those of this command beyond what
 * every command can end with.
 */
export function describe(text: string, codes: readonly ErrorCode[]): string {
  // The help wraps by itself; the line ends of the source would stay in the middle of its lines.
  const paragraphs = text.replace(/(?<!\n)\n(?!\n)/g, ' ');
  const byExit = new Map<number, string[]>();
  for (const code of [...OF_EVERY_COMMAND, ...codes]) {
    const { exitCode } = ERROR_TABLE[code];
    byExit.set(exitCode, [...(byExit.get(exitCode) ?? []), code]);
  }
  const rows = [...byExit.entries()]
    .sort(([a], [b]) => a - b)
    .map(([exit, names]) => `${String(exit).padStart(3)}  ${names.join(', ')}`);
  return `${paragraphs}\n\nExit codes (exhibit explain CODE says more; any other code is a failure):\n  0  done\n${rows.join('\n')}`;
}
