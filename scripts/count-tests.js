// Prints which tests failed, and then `N passed, N failed[, N skipped]`, from a report of vitest's JSON reporter. No report:
// nothing ran, which is a failure.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [, , path = ''] = process.argv;
const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
const { passed, failed, skipped } = text ? read(JSON.parse(text)) : { passed: 0, failed: ['no report'], skipped: 0 };
for (const what of failed) console.log(`FAILED: ${what}`);
console.log(`${passed} passed, ${failed.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

/** @param {import('vitest/node').JsonTestResults} report */
function read(report) {
  return {
    passed: report.numPassedTests,
    failed: report.testResults.flatMap(listFailures),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * A file that fails without a test of its own that does is one failure.
 * @param {import('vitest/node').JsonTestResults['testResults'][number]} file
 */
function listFailures({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const tests = assertionResults.filter((test) => test.status === 'failed');
  if (tests.length === 0) return status === 'failed' ? [`${file}: ${firstLine(message)}`] : [];
  return tests.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages?.[0])}`);
}

/** @param {string | undefined} message */
function firstLine(message) {
  return message?.split('\n')[0] ?? '';
}
