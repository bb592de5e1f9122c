import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run's output with the reason of each skip and one plain line of counts, for programs that read the log. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const skips: string[] = [];
    for (const module of modules) {
      // A file that cannot be loaded, or a hook that fails, has no test to count, but is a failure all the same.
      for (const suite of [module, ...module.children.allSuites()]) {
        if (suite.errors().length > 0) count.failed += 1;
      }
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'pending') continue;
        count[result.state] += 1;
        if (result.state !== 'skipped') continue;
        skips.push(`skipped: ${test.fullName} (${result.note ?? 'no reason given'})`);
      }
    }
    const line = `tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
    process.once('exit', () => {
      console.log([...skips, line].join('\n'));
    });
  }
}
