import { DRIFT_SEVERITIES, type DriftFinding } from '../../model/drift.js';
import type { DriftRule, DriftSubject } from './drift-rule.js';
import { newExecutable } from './rules/x01-new-executable.js';
import { modifiedBinary } from './rules/x02-modified-binary.js';
import { packageFile } from './rules/x02-package-file.js';
import { changedRights } from './rules/x03-changed-rights.js';
import { persistence } from './rules/x04-persistence.js';
import { deletion } from './rules/x05-deletion.js';
import { tool } from './rules/x06-tool.js';
import { packageManager } from './rules/x07-package-tool.js';
import { credentials } from './rules/x08-credentials.js';
import { specialFile } from './rules/x09-special-file.js';
import { noise } from './rules/x10-noise.js';
import { interactive } from './rules/x12-interactive.js';

/** X11, what runs and is deleted, is no entry of a layer: it comes from the processes. */
const RULES: readonly DriftRule[] = [
  newExecutable,
  modifiedBinary,
  packageFile,
  changedRights,
  persistence,
  deletion,
  tool,
  packageManager,
  credentials,
  specialFile,
  noise,
  interactive,
];

export function compareFindings(one: DriftFinding, other: DriftFinding): number {
  return DRIFT_SEVERITIES.indexOf(one.severity) - DRIFT_SEVERITIES.indexOf(other.severity);
}

/** All that the rules say of an entry, the gravest first. */
export function judgeEntry(subject: DriftSubject): DriftFinding[] {
  return RULES.flatMap((rule) => {
    const hit = rule.judge(subject);
    return hit === null ? [] : [{ driftClass: rule.driftClass, ...hit }];
  }).toSorted(compareFindings);
}
