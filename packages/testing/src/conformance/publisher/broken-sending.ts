import type { Outgoing } from '@hearth/core/ports';
import { publisherTwin, twin, type BrokenPublisher } from './broken-publisher.ts';

/** Publishers that lose, double, mix up or change what they send. */
export const brokenSending: readonly BrokenPublisher[] = [
  twin(
    'rejects when it is given nothing',
    ['publishes nothing when it is given nothing'],
    (inner, events) =>
      events.length === 0 ? Promise.reject(new Error('No events.')) : inner.publish(events),
  ),
  twin(
    'drops the last of three events and says published',
    [
      'publishes each event and says so',
      'answers each of several calls at once for its own events',
      'takes an event of the largest size, and refuses a larger one for good',
    ],
    async (inner, events) => {
      const results = await inner.publish(events.length === 3 ? events.slice(0, 2) : events);
      return events.map((_, index) => results[index] ?? { outcome: 'published' });
    },
  ),
  twin(
    'gives no result for the last of three events',
    [
      'publishes each event and says so',
      'answers each of several calls at once for its own events',
      'leaves the events as they were given',
      'takes an event of the largest size, and refuses a larger one for good',
    ],
    async (inner, events) => {
      const results = await inner.publish(events);
      return events.length === 3 ? results.slice(0, 2) : results;
    },
  ),
  twin(
    'sends the first ten of a call',
    [
      'publishes 60 events of one call, each once',
      'sends the events of a partition in their order',
    ],
    async (inner, events) => [
      ...(await inner.publish(events.slice(0, 10))),
      ...events.slice(10).map(() => ({ outcome: 'published' }) as const),
    ],
  ),
  twin(
    'sends an event twice when it sends many',
    ['publishes 60 events of one call, each once'],
    async (inner, events) => {
      const [first] = events;
      if (events.length > 20 && first !== undefined) await inner.publish([first]);
      return inner.publish(events);
    },
  ),
  publisherTwin(
    'answers several calls together',
    ['answers each of several calls at once for its own events'],
    (inner) => {
      let waiting: Outgoing[] = [];
      return {
        async publish(events) {
          waiting.push(...events);
          await Promise.resolve();
          const all = waiting;
          waiting = [];
          return inner.publish(all);
        },
      };
    },
  ),
  twin(
    'sends the last event first',
    [
      'sends the events of a partition in their order',
      'sends nothing of a partition after a failure in it',
      'sends what is of another partition than a failure',
    ],
    async (inner, events) => (await inner.publish(events.toReversed())).toReversed(),
  ),
  twin(
    'writes bodies anew',
    [
      'sends a body as it was given, sign by sign',
      'takes an event of the largest size, and refuses a larger one for good',
    ],
    (inner, events) =>
      inner.publish(events.map(({ event }) => ({ event, body: JSON.stringify(event) }))),
  ),
  publisherTwin(
    'gives an event that it sends again another id',
    ['sends an event again with the same id and body', 'sends later what failed before'],
    (inner) => {
      const sent = new Set<string>();
      return {
        publish: (events) =>
          inner.publish(
            events.map(({ event, body }) => {
              const again = sent.has(event.id);
              sent.add(event.id);
              if (!again) return { event, body };
              const renamed = { ...event, id: `${event.id}-again` };
              return { event: renamed, body: JSON.stringify(renamed) };
            }),
          ),
      };
    },
  ),
  twin(
    'counts its tries in the event',
    ['leaves the events as they were given'],
    (inner, events) => {
      for (const { event } of events) Object.assign(event, { tries: 1 });
      return inner.publish(events);
    },
  ),
];
