import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/** @import { SerializedError } from 'vitest' */
/** @import { Reporter, TestModule } from 'vitest/node' */

/**
 * A reporter for vitest that says in a few lines which tests failed and with which words, and then
 * `N passed, N failed[, N skipped]`. A hook or a file that failed without a failed test counts as one failure. A test that
 * passed only when it was tried again is named too. The lines go to the file that the environment variable TEST_SUMMARY names, so that CI can end with them, or else to standard
 * output.
 *
 * @implements {Reporter}
 */
export default class FailuresReporter {
  /**
   * @param {ReadonlyArray<TestModule>} modules
   * @param {ReadonlyArray<SerializedError>} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    /** @type {string[]} */
    const failures = unhandled.map((error) => `unhandled: ${firstLine(error)}`);
    /** @type {string[]} */
    const passedLater = [];
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      for (const error of module.errors()) failures.push(`${file}: ${firstLine(error)}`);
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) failures.push(`${file}: ${suite.fullName}: ${firstLine(error)}`);
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        counts[state] += 1;
        if (test.diagnostic()?.flaky) passedLater.push(`${file}: ${test.fullName}: ${firstLine(errors?.[0])}`);
        if (state === 'failed') failures.push(`${file}: ${test.fullName}: ${firstLine(errors[0])}`);
      }
    }
    const skipped = counts.skipped + counts.pending;
    const lines = [
      ...passedLater.map((test) => `PASSED WHEN TRIED AGAIN: ${test}`),
      ...failures.map((failure) => `FAILED: ${failure}`),
      `${counts.passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    ];
    const summary = `${lines.join('\n')}\n`;
    if (process.env.TEST_SUMMARY) writeFileSync(process.env.TEST_SUMMARY, summary);
    else process.stdout.write(summary);
  }
}

/** @param {{ readonly message?: string } | undefined} error */
function firstLine(error) {
  return error?.message?.split('\n')[0] ?? 'without a message';
}
