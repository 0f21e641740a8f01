import { stringify } from 'yaml';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { OutputFormat } from './flags.js';
import type { CommandOutcome } from './outcome.js';

const BLOCK_CHARACTERS = 65_536;

/**
 * Writes to stdout and waits until the bytes are out. A reader that went away (`| head`) is no error; a full disk is.
 * Throws `STORAGE_FAILED`.
 */
export async function writeStdout(text: string): Promise<void> {
  const error = await new Promise<Error | null | undefined>((resolve) => {
    process.stdout.write(text, 'utf8', resolve);
  });
  if (error === null || error === undefined || errnoOf(error) === 'EPIPE') return;
  throw new ExhibitError(
    'STORAGE_FAILED',
    `the result could not be written to standard output (${errnoOf(error) ?? 'unknown'})`,
    {
      subject: 'standard output',
      cause: error,
      hints: ['exhibit case show'],
      safe: 'What the command did stands; only its printed result is lost.',
    },
  );
}

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
