import { describe, expect, it } from 'vitest';
import { brokenTriggers } from './broken-triggers.ts';
import { directTrigger, failingTriggerCases } from './broken-trigger.ts';
import { triggerCases } from './trigger-cases.ts';

const names = triggerCases.map(({ name }) => name);

describe('a trigger without a host', () => {
  it.each(triggerCases)('$name', ({ run }) => run(directTrigger()));
});

describe('a host that keeps its own dead letters', () => {
  const open = directTrigger({
    answer: ({ verdict }) =>
      verdict === 'retry' ? 'redelivered' : verdict === 'done' ? 'acknowledged' : 'refused',
  });

  it.each(triggerCases)('$name', ({ run }) => run(open));
});

describe('a trigger that', () => {
  it.each(brokenTriggers)('$name fails in exactly the cases named', async ({ breaks, open }) => {
    const failing = await failingTriggerCases(triggerCases, open);
    expect(failing.toSorted()).toEqual([...breaks].toSorted());
  });
});

describe('the trigger cases', () => {
  it('have a broken twin each', () => {
    const caught = new Set(brokenTriggers.flatMap(({ breaks }) => breaks));
    expect(names.filter((name) => !caught.has(name))).toEqual([]);
  });

  it('have names of their own, and so have the twins', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(brokenTriggers.map(({ name }) => name)).size).toBe(brokenTriggers.length);
  });
});
