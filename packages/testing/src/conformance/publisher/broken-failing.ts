import {
  oneByOne,
  failed,
  publisherTwin,
  publishOne,
  twin,
  type BrokenPublisher,
} from './broken-publisher.ts';

/** Publishers that tell wrongly what failed, or go on wrongly after it. */
export const brokenFailing: readonly BrokenPublisher[] = [
  twin(
    'says that a larger event may be tried again',
    ['takes an event of the largest size, and refuses a larger one for good'],
    async (inner, events) =>
      (await inner.publish(events)).map((result) =>
        result.outcome === 'failed' ? failed() : result,
      ),
  ),
  twin(
    'takes no event of the largest size',
    [
      'takes an event of the largest size, and refuses a larger one for good',
      'sends nothing of a partition after a failure in it',
      'sends what is of another partition than a failure',
    ],
    (inner, events) =>
      oneByOne(events, (event) =>
        event.body.length >= 8_192 ? Promise.resolve(failed(false)) : publishOne(inner, event),
      ),
  ),
  twin(
    'fails a whole call for one event',
    [
      'takes an event of the largest size, and refuses a larger one for good',
      'tells three failures of ten from the rest',
      'sends later what failed before',
      'sends nothing of a partition after a failure in it',
      'sends what is of another partition than a failure',
    ],
    async (inner, events) => {
      const results = await inner.publish(events);
      return results.find(({ outcome }) => outcome === 'failed')
        ? results.map(() => failed())
        : results;
    },
  ),
  twin(
    'takes an accepted call for accepted events',
    [
      'takes an event of the largest size, and refuses a larger one for good',
      'tells three failures of ten from the rest',
      'sends later what failed before',
      'sends nothing of a partition after a failure in it',
      'sends what is of another partition than a failure',
      'forgets a failure when the call has ended',
    ],
    async (inner, events) => {
      await inner.publish(events);
      return events.map(() => ({ outcome: 'published' }));
    },
  ),
  twin(
    'answers failures last',
    [
      'takes an event of the largest size, and refuses a larger one for good',
      'tells three failures of ten from the rest',
      'sends what is of another partition than a failure',
    ],
    async (inner, events) =>
      (await inner.publish(events)).toSorted(
        (a, b) => Number(a.outcome !== 'published') - Number(b.outcome !== 'published'),
      ),
  ),
  twin(
    'takes every failure for the last word',
    ['tells three failures of ten from the rest'],
    async (inner, events) =>
      (await inner.publish(events)).map((result) =>
        result.outcome === 'failed' ? failed(false) : result,
      ),
  ),
  publisherTwin(
    'never sends again what failed once',
    [
      'sends later what failed before',
      'sends nothing of a partition after a failure in it',
      'sends what is of another partition than a failure',
    ],
    (inner) => {
      const given = new Set<string>();
      return {
        publish: (events) =>
          oneByOne(events, async (event) => {
            if (given.has(event.event.id)) return { outcome: 'published' };
            const result = await publishOne(inner, event);
            if (result.outcome === 'failed') given.add(event.event.id);
            return result;
          }),
      };
    },
  ),
  twin(
    'promises order and goes on after a failure',
    [
      'sends nothing of a partition after a failure in it',
      'sends what is of another partition than a failure',
    ],
    (inner, events) => oneByOne(events, (event) => publishOne(inner, event)),
  ),
  twin(
    'stops at the first failure, whatever the partition',
    [
      'takes an event of the largest size, and refuses a larger one for good',
      'tells three failures of ten from the rest',
      'sends what is of another partition than a failure',
    ],
    async (inner, events) => {
      let stopped = false;
      return oneByOne(events, async (event) => {
        if (stopped) return { outcome: 'skipped' };
        const result = await publishOne(inner, event);
        stopped = result.outcome === 'failed';
        return result;
      });
    },
  ),
  publisherTwin(
    'holds a partition back for good after a failure',
    ['sends later what failed before', 'forgets a failure when the call has ended'],
    (inner) => {
      const held = new Set<unknown>();
      return {
        publish: (events) =>
          oneByOne(events, async (event) => {
            if (held.has(event.event.partitionkey)) return { outcome: 'skipped' };
            const result = await publishOne(inner, event);
            if (result.outcome === 'failed') held.add(event.event.partitionkey);
            return result;
          }),
      };
    },
  ),
  twin(
    'gives up for good when nothing can be reached',
    ['fails so that it can be tried again while nothing can be reached'],
    (inner, events) => inner.publish(events).catch(() => events.map(() => failed(false))),
  ),
  twin(
    'says published when nothing can be reached',
    ['fails so that it can be tried again while nothing can be reached'],
    (inner, events) =>
      inner.publish(events).catch(() => events.map(() => ({ outcome: 'published' }) as const)),
  ),
];
