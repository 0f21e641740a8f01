import { generateKeyPairSync } from 'node:crypto';
import type { CheckName, Finding } from '../../src/model/verdict.js';
import { gzipOf, jsonLines, type Bag } from './archive-builder.js';
import { verifyBytes } from './verify-bytes.js';

/** The key that the verifier of these tests trusts. */
export const trustedKey = generateKeyPairSync('ed25519').privateKey;

export interface Judgement {
  readonly verdict: string;
  readonly line: string;
  readonly failed: readonly CheckName[];
  readonly findings: readonly Finding[];
  readonly findingsTotal: number;
}

/** The verdict on a tar, and the checks that failed. */
export async function judge(tar: Buffer): Promise<Judgement> {
  const { verdict, line, checks, findings, findingsTotal } = await verifyBytes(gzipOf(tar), trustedKey);
  const failed = checks.filter(({ result }) => result === 'failed').map(({ check }) => check);
  return { verdict, line, failed, findings, findingsTotal };
}

function textOf(bag: Bag, path: string): string {
  return bag.files.get(path)?.toString('latin1') ?? '';
}

/** Changes a file as Latin-1 text; throws when that changes nothing. */
export function edit(bag: Bag, path: string, change: (text: string) => string): void {
  const before = textOf(bag, path);
  const after = change(before);
  if (before === after) throw new Error(`the change does not touch ${path}`);
  bag.files.set(path, Buffer.from(after, 'latin1'));
}

/** Changes a file of JSON lines, which are written again as the product writes them. */
export function editRecords(
  bag: Bag,
  path: string,
  change: (records: Record<string, unknown>[]) => Record<string, unknown>[],
): void {
  const records = textOf(bag, path)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  bag.files.set(path, jsonLines(change(records)));
}

export type Change = (bag: Bag) => void;
