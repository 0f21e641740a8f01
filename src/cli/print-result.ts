import { stringify } from 'yaml';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { OutputFormat } from './flags.js';
import type { CommandOutcome } from './outcome.js';
import { writeStdout } from './write-stdout.js';

const BLOCK_CHARACTERS = 65_536;

async function writeLines(lines: Iterable<string>): Promise<void> {
  let block = '';
  for (const line of lines) {
    block += `${line}\n`;
    if (block.length < BLOCK_CHARACTERS) continue;
    await writeStdout(block);
    block = '';
  }
  if (block !== '') await writeStdout(block);
}

/** A list without members is no line at all, not an empty one. */
async function writeText(text: string): Promise<void> {
  if (text !== '') await writeStdout(`${text}\n`);
}

async function writeRows(outcome: CommandOutcome<object>, document: object): Promise<void> {
  if (outcome.eachRow === undefined) {
    await writeLines(Array.from(outcome.rows ?? [document], (row) => JSON.stringify(row)));
    return;
  }
  // The source pushes and cannot wait. Writes to files and pipes are synchronous here, so nothing piles up.
  const writes: Promise<void>[] = [];
  let block = '';
  await outcome.eachRow((row) => {
    block += `${JSON.stringify(row)}\n`;
    if (block.length < BLOCK_CHARACTERS) return;
    writes.push(writeStdout(block));
    block = '';
  });
  await Promise.all([...writes, writeStdout(block)]);
}

/** `exhibit-case-list/1` for `case:list`: names and versions the shape of a result, for programs. */
export function schemaNameOf(commandId: string): string {
  return `exhibit-${commandId.replaceAll(':', '-')}/1`;
}

/** Prints an outcome in the wanted form: the only writer of stdout. */
export async function printResult(
  commandId: string,
  format: OutputFormat,
  outcome: CommandOutcome<object>,
): Promise<void> {
  const document = { schema: schemaNameOf(outcome.shape ?? commandId), ...outcome.result };
  switch (format) {
    case 'json':
      await writeStdout(`${JSON.stringify(document, null, 2)}\n`);
      break;
    case 'yaml':
      await writeStdout(stringify(document, { aliasDuplicateObjects: false }));
      break;
    case 'ndjson':
      await writeRows(outcome, document);
      break;
    case 'name':
      await writeLines((outcome.names ?? []).map((name) => escapeForTerminal(name)));
      break;
    case 'wide':
      await writeText(outcome.wide ?? outcome.text);
      break;
    case 'text':
      await writeText(outcome.text);
      break;
  }
}
