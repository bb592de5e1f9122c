import type { CloudEvent, Outgoing, PublishResult } from '@hearth/core';
import { eventGridKey, startEventGrid, type EventGridTopic } from '@hearth/emulators/event-grid';
import { publisherCases, unmetNeed, type PublisherHarness } from '@hearth/testing/conformance';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventGridPublisher, type EventGridOptions } from './event-grid.ts';

const key = () => eventGridKey;

async function open(options: Partial<EventGridOptions> = {}, path?: string) {
  const topic = await startEventGrid(path);
  onTestFinished(() => topic.stop());
  const publisher = eventGridPublisher({ endpoint: topic.endpoint, key, ...options });
  return { topic, publisher };
}

/** The events of a batch as they were sent, sign by sign: the bodies of the cases have no line breaks. */
const bodiesIn = ({ taken }: EventGridTopic) =>
  taken.flatMap(({ body }) => body.slice(1, -1).split(/,(?=\{"specversion")/));

const idOf = (body: string) => (JSON.parse(body) as CloudEvent).id;

async function harness(options: Partial<EventGridOptions>): Promise<PublisherHarness> {
  const { topic, publisher } = await open(options);
  return {
    publisher,
    structured: true,
    maxEventBytes: 999_998,
    received: async () => bodiesIn(topic).map((body) => ({ id: idOf(body), body })),
    cutOff: () => topic.stop(),
    // It answers for a request, so it can only be told to refuse an event that has one of its own.
    ...(options.maxEventsPerRequest === 1
      ? {
          failFor: (ids: readonly string[]) =>
            topic.plan((body) => (ids.includes(idOf(body.slice(1, -1))) ? 503 : undefined)),
        }
      : {}),
  };
}

describe.each([
  ['of many events a request', {}, ['failFor']],
  ['of one event a request', { maxEventsPerRequest: 1 }, []],
])('a publisher to Event Grid %s', (_, options, unmet) => {
  it.each(publisherCases)('$name', async (each) => {
    const opened = await harness(options);
    const need = unmetNeed(each, opened);
    if (need === undefined) return each.run(opened);
    expect(unmet).toContain(need);
  });
});

const event: CloudEvent = {
  specversion: '1.0',
  id: 'e1',
  source: 'urn:acme:home',
  type: 'com.acme.rang',
  subject: 'd1',
  data: { times: 2 },
};
const outgoing = (rest: Partial<CloudEvent> = {}): Outgoing => {
  const whole = { ...event, ...rest };
  return { event: whole, body: JSON.stringify(whole) };
};
const seen = (result: PublishResult | undefined) =>
  result?.outcome === 'failed'
    ? [result.error.code, result.error.retryable ? 'again' : 'never']
    : [result?.outcome];

describe('a request to Event Grid', () => {
  it('has all events of a call, in order, whatever their partitions', async () => {
    const { topic, publisher } = await open();
    await publisher.publish(
      ['a', 'b', 'a'].map((subject, id) => outgoing({ subject, id: `${id}` })),
    );
    expect(topic.taken).toHaveLength(1);
    expect(topic.taken[0]?.path).toBe('/api/events?api-version=2018-01-01');
    expect(bodiesIn(topic).map(idOf)).toEqual(['0', '1', '2']);
  });

  it.each([
    ['many', { maxEventsPerRequest: 2 }, '', 2],
    ['large', {}, 'x'.repeat(400_000), 2],
  ])('is split where they are too %s', async (_, options, data, requests) => {
    const { topic, publisher } = await open(options);
    await publisher.publish(['1', '2', '3'].map((id) => outgoing({ id, data })));
    expect([topic.taken.length, bodiesIn(topic).length]).toEqual([requests, 3]);
  });

  it('that is refused for one event is sent again without it, and without what follows it', async () => {
    const { topic, publisher } = await open();
    const bad = { event: { ...event, id: 'bad' }, body: '{"id":"bad"}' };
    const events = [outgoing(), bad, outgoing({ id: 'e2' }), outgoing({ id: 'e3', subject: 'd2' })];
    const results = await publisher.publish(events);
    const refused = ['invalid-event', 'never'];
    expect(results.map(seen)).toEqual([['published'], refused, ['skipped'], ['published']]);
    expect(
      bodiesIn(topic)
        .map(idOf)
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['e1', 'e3']);
  });

  it('that is refused as a whole has failed as a whole, without being split', async () => {
    const { topic, publisher } = await open();
    topic.plan(() => 503);
    const results = await publisher.publish([outgoing(), outgoing({ id: 'e2' })]);
    const busy = ['publisher-unavailable', 'again'];
    expect(results.map(seen)).toEqual([busy, busy]);
    expect(topic.asked()).toBe(1);
  });

  it.each([
    [400, 'invalid-event', 'never'],
    [401, 'not-permitted', 'again'],
    [404, 'not-found', 'again'],
    [413, 'limit-exceeded', 'never'],
    [429, 'publisher-unavailable', 'again'],
    [500, 'publisher-unavailable', 'again'],
  ])('that is answered %i', async (status, code, when) => {
    const { topic, publisher } = await open();
    topic.plan(() => status);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual([code, when]);
  });

  it('is never made for a command whose time is over', async () => {
    const { topic, publisher } = await open();
    const late = outgoing({ id: 'late', expirytime: '2020-01-01T00:00:00Z' });
    const results = await publisher.publish([late, outgoing({ subject: 'd2' })]);
    expect(results.map(seen)).toEqual([['expired', 'never'], ['published']]);
    expect(bodiesIn(topic).map(idOf)).toEqual(['e1']);
  });

  it.each([
    ['a token', '/api/events', { token: () => 'token' }, 'Bearer token'],
    ['a key of a namespace', '/topics/home:publish', {}, `SharedAccessKey ${eventGridKey}`],
  ])('may have %s', async (_, path, options, authorization) => {
    const { topic, publisher } = await open(options, path);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(['published']);
    expect(topic.taken[0]?.headers.authorization).toBe(authorization);
  });

  it('waits for its key, and fails where there is none', async () => {
    const { publisher } = await open({ key: () => Promise.reject(new Error('sealed')) });
    const results = await publisher.publish([outgoing()]);
    expect(results.map(seen)).toEqual([['publisher-unavailable', 'again']]);
  });
});

describe('the options of a publisher to Event Grid', () => {
  const endpoint = 'https://topic.westeurope-1.eventgrid.azure.net/api/events';

  it.each<[string, EventGridOptions]>([
    ['endpoint', { endpoint: 'topic', key }],
    ['endpoint', { endpoint: 'https://me:secret@topic', key }],
    ['key', { endpoint }],
    ['key', { endpoint, key: 'secret' as never }],
    ['maxEventsPerRequest', { endpoint, key, maxEventsPerRequest: 0 }],
    ['timeoutMs', { endpoint, key, timeoutMs: -1 }],
  ])('name "%s" when it is wrong', (field, options) => {
    expect(() => eventGridPublisher(options)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }),
    );
  });
});
