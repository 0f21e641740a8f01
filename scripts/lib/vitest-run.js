import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, tool } from './run.js';

/** A file that could not even be loaded has no tests, and would be missing from the counts. */
function countOf(report) {
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * Runs vitest projects, shows its output and returns how many tests passed, failed and were skipped.
 * What ends badly without a failed test (an unhandled rejection, no report at all) counts as one failure.
 */
export async function runProjects(projects, { filters = [], env = {} } = {}) {
  const reportPath = join(root, `.cache/vitest-${process.pid}.json`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(reportPath, { force: true });
  const { status } = await run(
    process.execPath,
    [
      tool('vitest/vitest.mjs'),
      'run',
      '--passWithNoTests',
      ...projects.flatMap((name) => ['--project', name]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportPath}`,
      ...filters,
    ],
    { env: { TZ: 'UTC', NO_COLOR: '1', ...env } },
  );
  const count = existsSync(reportPath)
    ? countOf(JSON.parse(readFileSync(reportPath, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 };
  rmSync(reportPath, { force: true });
  return status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}
