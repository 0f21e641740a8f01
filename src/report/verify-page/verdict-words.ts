import type { PageReport, PageVerdict } from './page-report.js';

export interface VerdictWords {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly title: string;
  readonly meaning: string;
}

const INTACT = 'Every byte is as it was sealed, as far as this page can tell';

const WORDS: Readonly<Record<PageVerdict, (report: PageReport) => VerdictWords>> = {
  TAMPERED: ({ findingsTotal }) => ({
    tone: 'bad',
    title: 'TAMPERED',
    meaning: `The archive is not as exhibit/1 seals it, or not as the receipt describes it: ${findingsTotal === 1 ? 'one finding' : `${findingsTotal.toLocaleString('en')} findings`}, listed below. Do not rely on anything in it.`,
  }),
  UNDETERMINED: ({ undetermined }) => ({
    tone: 'bad',
    title: 'NO VERDICT',
    meaning: `A check that must run could not: ${undetermined ?? 'the archive holds no statement'}.`,
  }),
  INTACT_UNSEALED: ({ signers }) => ({
    tone: 'warn',
    title: signers.length === 0 ? 'INTACT, BUT NOT SIGNED' : 'INTACT, BUT A SIGNATURE IS MISSING',
    meaning: `The parts of the archive agree with each other, but fewer signers sealed it than its own policy asks for. Anybody could have made it.`,
  }),
  SIGNATURE_NOT_CHECKED: () => ({
    tone: 'warn',
    title: 'INTACT AS FAR AS THIS PAGE CAN TELL; SIGNATURE NOT CHECKED',
    meaning:
      'The parts of the archive agree with each other, but this browser cannot check this kind of signature from here. Check it with the program, or with ssh-keygen as VERIFY.md in the archive describes.',
  }),
  UNTRUSTED_SIGNER: ({ signers }) => ({
    tone: 'warn',
    title: 'INTACT, BUT THE SIGNER IS NOT KNOWN TO BE TRUSTED',
    meaning: `${INTACT}, and the signature fits its key. Nobody vouched for that key: ${signers.find(({ principal }) => principal === null)?.why ?? 'fewer signers than the policy asks for'}. Compare the fingerprint below with one that you got from the signer by another way.`,
  }),
  INTACT_UNTIMESTAMPED: ({ tokens, statement }) => ({
    tone: 'warn',
    title: 'INTACT, BUT NO TIME-STAMP PASSED',
    meaning: `${INTACT}, and the signer is one you trust. ${statement?.policy.requireTimestamp === true ? `The archive's policy asks` : 'You ask'} for a time-stamp, and ${tokens.length === 0 ? 'none is there' : whyNone(tokens)}.`,
  }),
  VERIFIED_PARTIAL: ({ gapsTotal }) => ({
    tone: 'good',
    title: 'VERIFIED, WITH GAPS',
    meaning: `${INTACT}, and the signer is one you trust. The collection itself is not complete: ${gapsTotal === 1 ? 'one required artifact was' : `${gapsTotal.toLocaleString('en')} required artifacts were`} not obtained in full.`,
  }),
  VERIFIED: () => ({
    tone: 'good',
    title: 'VERIFIED',
    meaning: `${INTACT}, the signer is one you trust, and the ledger has no gap.`,
  }),
};

function whyNone(tokens: PageReport['tokens']): string {
  const isUnknown = tokens.every(({ result }) => result === 'skipped');
  return isUnknown
    ? 'whose tokens it holds was not checked: give the root of the authority'
    : 'none of its tokens is by an authority that you gave the root of';
}

/** The verdict for people. */
export function verdictWords(report: PageReport): VerdictWords {
  return WORDS[report.verdict](report);
}
