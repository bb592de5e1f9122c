import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run's output with the reason of each skip and one plain line of counts, for programs that read the log. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const skips: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'pending') continue;
        count[result.state] += 1;
        if (result.state === 'skipped') {
          skips.push(`skipped: ${test.fullName} (${result.note ?? 'no reason given'})`);
        }
      }
      // A file that cannot be loaded has no tests to count, but it is a failure all the same.
      if (module.state() === 'failed' && module.errors().length > 0) count.failed += 1;
    }
    process.once('exit', () => {
      for (const skip of skips) console.log(skip);
      console.log(
        `tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`,
      );
    });
  }
}
