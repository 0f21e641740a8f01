import { DRIFT_SEVERITIES, type DriftFinding } from '../../model/drift.js';
import type { EntryPackages } from '../packages/entry-packages.js';
import type { FileVerdict } from '../packages/judge-executable.js';

/** What a package manager does to files: it puts them there. Rights, places of start and credentials are more than that. */
const LOWERED = new Set(['X1', 'X2']);
/** A package manager sets no time back, and what runs is looked at whoever brought it. */
const NEVER_LOWERED = /-(?:in-disguise|and-running)$/;

function lowered(one: DriftFinding): DriftFinding {
  if (!LOWERED.has(one.driftClass) || NEVER_LOWERED.test(one.rule)) return one;
  return { ...one, severity: DRIFT_SEVERITIES[DRIFT_SEVERITIES.indexOf(one.severity) + 1] ?? 'info' };
}

/** A package that is upgraded has another version. One that was built again under its old version is not told from a forged list. */
function isContradicting(own: FileVerdict, image: FileVerdict): boolean {
  const isOther = image.verdict === 'modified' || image.verdict === 'configured';
  return isOther && own.package === image.package && own.version === image.version;
}

/**
 * What a package brought that the container's own package manager installed counts one step less, as a new or changed program. No more:
 * the database says so, and whoever owns the container writes it. Nothing less where that package is the image's, in the image's version
 * (`isOfImage`), or in none. The two databases then contradict each other where the image's has other content.
 */
export function withOwnPackage(
  findings: readonly DriftFinding[],
  packages: EntryPackages | null,
  isOfImage: boolean,
): DriftFinding[] {
  const { own = null, image } = packages ?? {};
  if (own?.verdict !== 'unmodified' || image === undefined || image.verdict === 'unmodified') return [...findings];
  const name = `${own.package ?? ''} ${own.version ?? ''}`.trim().slice(0, 200);
  if (isContradicting(own, image)) {
    const why = `The container's own database has this for package ${name}, and the image's has other content for the same package and version.`;
    return [...findings, { driftClass: 'X7', rule: 'database-contradicts', severity: 'high', why }];
  }
  if (isOfImage || own.version === null) return [...findings];
  const why = `Package ${name} has it so, by the word of the container's own database.`;
  return [...findings.map(lowered), { driftClass: 'X7', rule: 'installed-inside', severity: 'info', why }];
}
