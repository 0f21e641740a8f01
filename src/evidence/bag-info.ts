import type { Statement } from '../model/exhibit.js';

/** The whole of bagit.txt. */
export const BAGIT_TXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';

/** The facts that bag-info.txt repeats for readers of bags. */
export type BagInfoFacts = Pick<Statement, 'exhibitId' | 'caseId' | 'createdAt' | 'payloadBytes' | 'payloadFiles'>;

/** The whole of bag-info.txt: a function of the statement, so that a reader makes it again and compares. */
export function renderBagInfo({ exhibitId, caseId, createdAt, payloadBytes, payloadFiles }: BagInfoFacts): string {
  return [
    `Bagging-Date: ${createdAt.slice(0, 10)}`,
    `External-Identifier: ${exhibitId}`,
    `Bag-Group-Identifier: ${caseId}`,
    `Payload-Oxum: ${String(payloadBytes)}.${String(payloadFiles)}`,
    '',
  ].join('\n');
}
