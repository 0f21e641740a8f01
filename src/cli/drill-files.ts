import { access, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createLocalKey } from '../evidence/local-signer.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import type { DrillSummary, Scorecard } from '../workflows/drill.js';
import type { Context } from './context.js';
import { notRequiredText } from './not-obtained.js';
import { renderBytes, renderDuration } from './quantities.js';
import { shellWord } from '../lib/shell-word.js';
import { renderFacts } from './table.js';
import { verdictLines } from './verdict-text.js';
import { principalFrom, trustSigner } from './trust-list.js';

/** Makes the default key where there is none, so that a first drill needs no preparation. */
export async function ensureKey(context: Context, flag: string | undefined): Promise<void> {
  const path = context.keyPath(flag);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists || context.keySetting(flag).origin !== 'default') return;
  const principal = principalFrom(context.os.user, context.os.host);
  const key = await createLocalKey({ privatePath: path, comment: principal });
  await trustSigner(context.locations.allowedSignersFile, { principal, publicKey: key.publicKey });
  context.io.emit('KEY_CREATED', `a signing key was made for ${principal}: ${key.fingerprint}`, {
    fingerprint: key.fingerprint,
  });
}

/** Writes the scorecard beside the archive, mode 0600. Throws `STORAGE_FAILED`. */
export async function writeScorecard(archivePath: string, scorecard: Scorecard): Promise<string> {
  const path = join(dirname(archivePath), `${scorecard.exhibitId}.scorecard.json`);
  try {
    await writeFile(path, `${JSON.stringify(scorecard, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new ExhibitError('STORAGE_FAILED', `the scorecard cannot be written (${errnoOf(cause) ?? 'unknown error'})`, {
      subject: path,
      cause,
    });
  }
  return path;
}

const FACT_COLUMNS = 14;

export interface DrillShown {
  readonly summary: DrillSummary;
  readonly scorecardPath: string;
  readonly allowedSigners: string;
  readonly columns: number;
}

function stockTools({ summary, allowedSigners }: DrillShown): string[] {
  const { archivePath } = summary.seal;
  const principal = summary.report.signer?.principal ?? 'PRINCIPAL';
  return [
    `  tar xzf ${shellWord(archivePath)} && cd ${summary.scorecard.exhibitId}`,
    '  sha256sum --strict --quiet -c manifest-sha256.txt && sha256sum --strict --quiet -c tagmanifest-sha256.txt',
    `  ssh-keygen -Y verify -f ${shellWord(allowedSigners)} -I ${shellWord(principal)} -n ${SEAL_NAMESPACE} -s seal/tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt`,
  ];
}

/** Archive, verdict and scorecard, then how to check it with this program and without it. */
export function presentDrill(shown: DrillShown): string {
  const { seal, report, scorecard } = shown.summary;
  const { durationMs: took } = scorecard;
  const facts = renderFacts([
    ['archive', seal.archivePath],
    ['verdict', verdictLines(report, shown.columns - FACT_COLUMNS)],
    ['planned', `${String(scorecard.planned)} artifacts`],
    ['obtained', `${String(scorecard.obtained)}, and ${String(scorecard.provedAbsent)} proved absent`],
    ['gaps', String(scorecard.gaps)],
    ['not required', notRequiredText(shown.summary.collect.outcomes, scorecard.gaps)],
    ['coverage', `${(scorecard.coveragePermille / 10).toFixed(1)} %`],
    ['payload', `${String(scorecard.payloadFiles)} files, ${renderBytes(scorecard.payloadBytes)}`],
    [
      'time',
      `collect ${renderDuration(took.collect)}, seal ${renderDuration(took.seal)}, verify ${renderDuration(took.verify)}`,
    ],
    ['scorecard', shown.scorecardPath],
  ]);
  const verify = `  exhibit verify ${shellWord(seal.archivePath)} --allowed-signers ${shellWord(shown.allowedSigners)} --receipt ${shellWord(seal.receiptPath)}`;
  return [facts, '', 'Check it again:', verify, '', 'Check it without this program:', ...stockTools(shown)].join('\n');
}
