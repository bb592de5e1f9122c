import { describe, expect, it } from 'vitest';
import { brokenErasures } from '../store/broken-erasures.ts';
import { memoryHarness } from '../store/broken-store.ts';
import { privacyCases } from './privacy-cases.ts';

describe('personal data in the memory store', () => {
  it.each(privacyCases)('$name', ({ run }) => run(memoryHarness()));
});

describe('the cases of personal data', () => {
  const broken = brokenErasures.filter(({ breaks }) =>
    breaks.includes('leaves nothing of an erased record to be read'),
  );
  it.each(broken)('catch a store that $name', async ({ harness }) => {
    const runs = privacyCases.map(({ run }) => run(harness()));
    const results = await Promise.allSettled(runs);
    expect(results.map(({ status }) => status)).toContain('rejected');
  });
});
