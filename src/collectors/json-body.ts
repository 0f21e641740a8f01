import { escapeForTerminal } from '../lib/terminal-escape.js';
import { parseJson, stringAt } from '../lib/untyped.js';
import type { CollectResult } from '../ports/collector.js';
import type { CapturedBody } from './capture-body.js';

/** A JSON body is parsed for its proof only up to this size. Bytes. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;

/** The outcome of a body that must be one whole JSON document: what parses to its last byte did not end early. */
export function judgeJson(body: CapturedBody): CollectResult {
  const { status, sizeBytes, attempts } = body.answer;
  const proof = { status, bytes: sizeBytes };
  if (!body.headIsAll) {
    const detail = `The document is longer than the ${body.head.length} bytes that are parsed.`;
    return { outcome: 'partial', reason: 'unproven-end', detail, proof, attempts };
  }
  const parsed = parseJson(body.head);
  if (parsed === undefined || parsed === null || typeof parsed !== 'object') {
    const begins = escapeForTerminal(body.head.subarray(0, 200).toString('latin1'), 300);
    return { outcome: sizeBytes === 0 ? 'failed' : 'partial', reason: 'not-json', detail: begins, proof, attempts };
  }
  const kind = stringAt(parsed, 'kind');
  return {
    outcome: 'collected',
    reason: 'complete',
    detail: '',
    proof: { ...proof, json: 'well-formed', ...(kind === undefined ? {} : { kind: escapeForTerminal(kind, 60) }) },
    attempts,
  };
}
