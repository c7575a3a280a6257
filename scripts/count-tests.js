// Prints `N passed, N failed[, N skipped]` from a report of vitest's JSON reporter. No report: nothing ran, which is a failure.
import { existsSync, readFileSync } from 'node:fs';

const [, , path = ''] = process.argv;
const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
const { passed, failed, skipped } = text ? count(JSON.parse(text)) : { passed: 0, failed: 1, skipped: 0 };
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

/** @param {import('vitest/node').JsonTestResults} report */
function count(report) {
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
