import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Outgoing, PublishResult } from '@hearth/core/ports';
import { failureCases } from './failure-cases.ts';
import {
  command,
  commands,
  idsOf,
  outcomes,
  publishAll,
  receivedIds,
  type PublisherCase,
} from './publisher-case.ts';

/**
 * Every claim about a `Publisher`, as data.
 *
 * @example
 * for (const each of publisherCases) it(each.name, async () => each.run(await open()));
 */
export const publisherCases: readonly PublisherCase[] = [
  {
    name: 'publishes nothing when it is given nothing',
    async run({ publisher, received }) {
      deepEqual(await publisher.publish([]), []);
      deepEqual(await received(), []);
    },
  },
  {
    name: 'publishes each event and says so',
    async run(harness) {
      const events = commands(3);
      await publishAll(harness.publisher, events);
      deepEqual([...(await receivedIds(harness))].toSorted(), idsOf(events));
    },
  },
  {
    name: 'publishes 60 events of one call, each once',
    async run(harness) {
      const events = commands(60);
      await publishAll(harness.publisher, events);
      deepEqual([...(await receivedIds(harness))].toSorted(), [...idsOf(events)].toSorted());
    },
  },
  {
    name: 'answers each of several calls at once for its own events',
    async run(harness) {
      const calls = ['a', 'b', 'c', 'd'].map((prefix, index) => commands(index + 1, prefix));
      await Promise.all(calls.map((events) => publishAll(harness.publisher, events)));
      const sent = calls.flatMap(idsOf);
      deepEqual([...(await receivedIds(harness))].toSorted(), sent.toSorted());
    },
  },
  {
    name: 'sends the events of a partition in their order',
    needs: ['ordered'],
    async run(harness) {
      const events = Array.from({ length: 12 }, (_, index) => command(`e${index}`, 'home-1'));
      await publishAll(harness.publisher, events);
      deepEqual(await receivedIds(harness), idsOf(events));
    },
  },
  {
    name: 'sends a body as it was given, sign by sign',
    needs: ['structured'],
    async run({ publisher, received }) {
      const event = command('e1');
      await publishAll(publisher, [event]);
      deepEqual(await received(), [{ id: 'e1', body: event.body }]);
    },
  },
  {
    name: 'sends an event again with the same id and body',
    async run({ publisher, received }) {
      const event = command('e1');
      await publishAll(publisher, [event]);
      await publishAll(publisher, [event]);
      const arrived = await received();
      ok(arrived.length >= 1, 'Nothing arrived.');
      for (const each of arrived) deepEqual(each, arrived[0]);
      equal(arrived[0]?.id, 'e1');
    },
  },
  {
    name: 'leaves the events as they were given',
    async run({ publisher }) {
      const events = commands(3);
      const before = structuredClone(events);
      await publishAll(publisher, freeze(events));
      deepEqual(events, before);
    },
  },
  {
    name: 'takes an event of the largest size, and refuses a larger one for good',
    needs: ['maxEventBytes'],
    async run(harness) {
      const { publisher, maxEventBytes = 0 } = harness;
      const sizes = [1, maxEventBytes + 1, maxEventBytes];
      const events = sizes.map((bytes, index) => command(`e${index}`, `home-${index}`, bytes));
      const results = await publisher.publish(events);
      deepEqual(outcomes(results), ['published', 'failed', 'published']);
      equal(retryable(results[1]), false);
      deepEqual([...(await receivedIds(harness))].toSorted(), ['e0', 'e2']);
    },
  },
  ...failureCases,
];

function retryable(result: PublishResult | undefined): boolean | undefined {
  return result?.outcome === 'failed' ? result.error.retryable : undefined;
}

function freeze(events: readonly Outgoing[]): readonly Outgoing[] {
  for (const each of events) {
    Object.freeze(each.event.data);
    Object.freeze(each.event);
    Object.freeze(each);
  }
  return Object.freeze(events);
}
