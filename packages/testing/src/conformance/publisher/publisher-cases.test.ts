import { describe, expect, it } from 'vitest';
import { brokenPublishers } from './broken-publishers.ts';
import { failingPublisherCases, memoryPublisherHarness } from './broken-publisher.ts';
import { publisherCases } from './publisher-cases.ts';
import { unmetNeed } from './publisher-case.ts';

const names = publisherCases.map(({ name }) => name);

describe('the memory publisher', () => {
  it.each(publisherCases)('$name', ({ run }) => run(memoryPublisherHarness()));
});

describe('a publisher that', () => {
  it.each(brokenPublishers)('$name fails in exactly the cases named', async ({ breaks, open }) => {
    const failing = await failingPublisherCases(publisherCases, open);
    expect(failing.toSorted()).toEqual([...breaks].toSorted());
  });
});

describe('the publisher cases', () => {
  it('have a broken twin each', () => {
    const caught = new Set(brokenPublishers.flatMap(({ breaks }) => breaks));
    expect(names.filter((name) => !caught.has(name))).toEqual([]);
  });

  it('have names of their own, and so have the twins', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(brokenPublishers.map(({ name }) => name)).size).toBe(brokenPublishers.length);
  });

  it('name the need that a harness does not meet', () => {
    const { publisher, received } = memoryPublisherHarness();
    const unordered = { publisher: { publish: publisher.publish }, received };
    const unmet = publisherCases.map((each) => unmetNeed(each, unordered));
    const needs = ['cutOff', 'failFor', 'maxEventBytes', 'ordered', 'structured'];
    expect(new Set(unmet)).toEqual(new Set([undefined, ...needs]));
  });
});
