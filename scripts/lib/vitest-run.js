import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** A folder for what the run leaves that no test file could remove: nothing is called after the last test of one that was killed. */
function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 't-'));
  // As the folder that it is in: tests run programs as other users, too.
  chmodSync(folder, 0o1777);
  return folder;
}

/** What is still mounted there is not ours to empty. */
function removeUnlessMounted(folder) {
  const mounts = existsSync('/proc/self/mounts') ? readFileSync('/proc/self/mounts', 'latin1') : '';
  if (mounts.includes(` ${folder}/`)) console.error(`${folder}: is not removed, something is mounted in it`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Runs vitest projects, shows its output and returns how many tests passed, failed and were skipped.
 * What ends badly without a failed test (an unhandled rejection, no report at all) counts as one failure.
 */
export async function runProjects(projects, { filters = [], env = {} } = {}) {
  const reportPath = join(root, `.cache/vitest-${process.pid}.json`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(reportPath, { force: true });
  const temporary = temporaryFolder();
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
    { env: { TZ: 'UTC', NO_COLOR: '1', TMPDIR: temporary, ...env } },
  );
  removeUnlessMounted(temporary);
  const count = existsSync(reportPath)
    ? countOf(JSON.parse(readFileSync(reportPath, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 };
  rmSync(reportPath, { force: true });
  return status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}
