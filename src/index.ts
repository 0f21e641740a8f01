/**
 * The public library: verification, and the shapes of what an archive says. Everything else of the package is internal.
 * test/architecture/public-api.test.ts pins the names.
 */
export { ExhibitError } from './model/errors.js';
export { verify as verifyArchive } from './workflows/verify.js';

export type { ErrorCode } from './model/errors.js';
export type { ItemRecord, PlanRecord } from './model/artifact.js';
export type { CustodyEntry } from './model/custody-entry.js';
export type { Kind, Receipt, Statement } from './model/exhibit.js';
export type { Completeness, Outcome, OutcomeRecord } from './model/outcome.js';
export type { ClockRecord, RequestRecord } from './model/request.js';
export type { CheckName, CheckResult, Finding, Verdict, VerifyReport } from './model/verdict.js';
export type { Clock } from './ports/clock.js';
export type { VerifyRequest } from './workflows/verify.js';
