import { shellWord } from '../lib/shell-word.js';

/** `exhibit resume`, for the case that was named on the command line. */
export function resumeCommand(caseFlag: string | undefined): string {
  return caseFlag === undefined ? 'exhibit resume' : `exhibit resume --case ${shellWord(caseFlag)}`;
}
