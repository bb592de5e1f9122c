import { expect, it } from 'vitest';
import { memoryPublisher } from './memory-publisher.ts';
import type { Outgoing } from './publisher.ts';

function outgoing(id: string, partitionkey: string, body?: string): Outgoing {
  const event = { specversion: '1.0', id, source: 'urn:app', type: 't', partitionkey } as const;
  return { event, body: body ?? JSON.stringify(event) };
}

it('keeps what it was given, first things first', async () => {
  const publisher = memoryPublisher();
  const events = [outgoing('1', 'a'), outgoing('2', 'b'), outgoing('1', 'a')];
  expect(publisher.now.publish(events.slice(0, 1))).toEqual([{ outcome: 'published' }]);
  expect(await publisher.publish(events.slice(1))).toEqual([
    { outcome: 'published' },
    { outcome: 'published' },
  ]);
  expect(publisher.published).toEqual(events);
  publisher.clear();
  expect(publisher.published).toEqual([]);
});

it('refuses an event over its size, by bytes', () => {
  const body = JSON.stringify({ id: '1', source: 'urn:app', data: 'ä' });
  const maxEventBytes = new TextEncoder().encode(body).length;
  const event = outgoing('1', 'a', body);
  expect(memoryPublisher({ maxEventBytes }).now.publish([event])[0]?.outcome).toBe('published');
  expect(memoryPublisher({ maxEventBytes: maxEventBytes - 1 }).now.publish([event])).toMatchObject([
    { outcome: 'failed', error: { code: 'limit-exceeded', retryable: false } },
  ]);
});

it.each([
  ['another id', '{"id":"2","source":"urn:app"}'],
  ['another source', '{"id":"1","source":"urn:other"}'],
  ['no JSON', '{"id":"1"'],
  ['null', 'null'],
])('refuses a body that has %s', (_, body) => {
  expect(memoryPublisher().now.publish([outgoing('1', 'a', body)])).toMatchObject([
    { outcome: 'failed', error: { code: 'invalid-event', retryable: false } },
  ]);
});

it('does not look into bodies when told so', () => {
  const result = memoryPublisher({ verify: false }).now.publish([outgoing('1', 'a', '')]);
  expect(result).toEqual([{ outcome: 'published' }]);
});

it('skips the rest of a partition after a failure, and of no other', () => {
  const publisher = memoryPublisher();
  const events = [outgoing('1', 'a', '?'), outgoing('2', 'b'), outgoing('3', 'a')];
  const results = publisher.now.publish(events);
  expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'published', 'skipped']);
  expect(publisher.published.map(({ event }) => event.id)).toEqual(['2']);
});
