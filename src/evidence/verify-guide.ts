import type { Statement } from '../model/exhibit.js';
export function renderVerifyGuide({ statement, signer }: { statement: Statement; signer: string }): string {
  return `${statement.exhibitId} ${signer}\n`;
}
