import type { CheckName, CheckResult, Verdict, VerifyReport } from '../../model/verdict.js';

/** What a verdict means to somebody who never saw the program; one or two sentences. */
const MEANING: Readonly<Record<Verdict, string>> = {
  VERIFIED:
    'Every check that had to pass passed. Byte for byte these are the files that were sealed: none was changed, added or left out since. The seal was made with a key that the list of signers given for this check vouches for. Nothing that was to be collected is missing.',
  VERIFIED_PARTIAL:
    'Every check that had to pass passed. Byte for byte these are the files that were sealed: none was changed, added or left out since. The seal was made with a key that the list of signers given for this check vouches for. But not everything that was to be collected was obtained: see the gaps.',
  INTACT_UNTIMESTAMPED:
    'The files are those that were sealed and the signer is known, but the time stamp that was asked for is missing or not valid. When the seal was made is not proven.',
  UNTRUSTED_SIGNER:
    'The files are those that were sealed and the signature is good, but nobody vouched for the key that made it. Anybody can make such a signature: until the key is known, this proves nothing about who sealed the files.',
  INTACT_UNSEALED: 'The files agree with each other, but nobody signed them. Anybody could have made this archive.',
  UNDETERMINED: 'A check that must run could not be run. Nothing is proven by this archive as it stands.',
  TAMPERED: 'The archive is not as it was sealed, or was never sealed as this format demands. Do not rely on it.',
};

/** Whether a verdict says that the archive can be relied on within its limits. */
export function isGoodVerdict(verdict: Verdict): boolean {
  return verdict === 'VERIFIED' || verdict === 'VERIFIED_PARTIAL';
}

export function meaningOf(verdict: Verdict): string {
  return MEANING[verdict];
}

export function checkOf({ checks }: Pick<VerifyReport, 'checks'>, name: CheckName): CheckResult {
  return checks.find(({ check }) => check === name) ?? { check: name, result: 'skipped', detail: 'not run' };
}

/** Whether the time of the seal is proven, and why or why not. */
export function timeWords(report: Pick<VerifyReport, 'checks' | 'timestamps'>): string {
  const { result, detail } = checkOf(report, 'time');
  const proven = report.timestamps.find((token) => token.result === 'passed' && token.genTime !== null);
  if (result === 'passed' && proven !== undefined)
    return `Proven: the signature existed at ${proven.genTime ?? ''}, says the time-stamping authority ${proven.authority ?? 'that was given for the check'}.`;
  if (result === 'passed') return `Proven: ${detail}.`;
  const clock = 'The times in this package are those of the clock of the machine that collected.';
  return `Not proven: ${detail}. ${clock}`;
}

/** Whether the archive was compared with a receipt, and what that is worth. */
export function receiptWords(report: Pick<VerifyReport, 'checks'>, wasGiven: boolean | null): string {
  const { result } = checkOf(report, 'receipt');
  if (wasGiven === null || result === 'skipped')
    return 'Not compared: no receipt was given. Whoever holds the signing key could have sealed something else under the same number.';
  if (result === 'failed') return 'The archive is NOT the one that the receipt describes.';
  return wasGiven
    ? 'The archive is the one that the receipt describes, which the person who prepared this package gave for the comparison.'
    : 'The archive is the one that the receipt beside it describes. A receipt that lay beside the archive is no independent proof: compare it with the one that was sent away when the archive was sealed.';
}
