import { readFile, stat } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { parseRedactionRules, type RedactionRules } from '../model/redaction.js';

const MAX_BYTES = 256 * 1024;

function invalid(subject: string, message: string): ExhibitError {
  return new ExhibitError('REDACTION_RULES_INVALID', message, { subject });
}

/** Throws `REDACTION_RULES_INVALID` for what is no YAML, has a key twice or an alias, or is no set of rules. */
export function parseRedactionText(source: string, text: string): RedactionRules {
  const document = parseDocument(text, { uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) throw invalid(source, `the rules are not YAML: ${problem.message.split('\n')[0] ?? ''}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw invalid(source, 'the rules have aliases, which are not followed');
  }
  return parseRedactionRules(value, source);
}

/** Throws `REDACTION_RULES_INVALID` also for a file that is not there, cannot be read or is larger than 256 KiB. */
export async function readRedactionRules(path: string): Promise<RedactionRules> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw invalid(path, 'the rules are larger than 256 KiB');
    return parseRedactionText(path, await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    throw invalid(path, `the rules cannot be read (${errnoOf(error) ?? 'unknown error'})`);
  }
}
