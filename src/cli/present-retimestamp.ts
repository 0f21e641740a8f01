import { escapeForTerminal } from '../lib/terminal-escape.js';
import { shellWord } from '../lib/shell-word.js';
import type { RetimestampSummary } from '../workflows/custody-retimestamp.js';
import { renderFacts } from './table.js';

/** Each token with the event that holds it, and each authority that gave none. */
export function presentRetimestamp({ archive, timestamps, timestampFailures }: RetimestampSummary): string {
  const tokens = timestamps.flatMap(({ genTime, authority, path }) => [
    ['stamped', `${genTime} by ${authority}`] as const,
    ['event', path] as const,
  ]);
  const failures = timestampFailures.map(
    ({ url, reason }) => ['no token', `${escapeForTerminal(url)}: ${reason}`] as const,
  );
  return [
    renderFacts([...tokens, ...failures]),
    '',
    `Next: exhibit verify ${shellWord(archive)} --tsa-ca FILE`,
    'FILE holds the root certificate of the authority, which you get from the authority itself.',
  ].join('\n');
}
