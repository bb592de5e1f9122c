import type { PubSub } from '@google-cloud/pubsub';
import { isHearthError } from '@hearth/core/event';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { PubsubClient } from './client.ts';
import { messageOf, type PubsubMessage, type PubsubMode } from './message.ts';
import { pubsubPublisher } from './pubsub-publisher.ts';

const event = { specversion: '1.0', id: 'e1', source: '/s', type: 't', subject: 't1' } as const;

function message(rest: object, mode: PubsubMode = 'structured'): PubsubMessage {
  const whole = { ...event, ...rest };
  const made = messageOf({ event: whole, body: JSON.stringify(whole) }, mode);
  if (isHearthError(made)) throw made;
  return made;
}

describe('a message', () => {
  it('has no ordering key where an event has neither partition nor subject', () => {
    expect(message({ subject: undefined })).not.toHaveProperty('orderingKey');
  });

  it('has an ordering key of 1,024 bytes at most', () => {
    expect(message({ partitionkey: 'x'.repeat(1_024) }).orderingKey).toHaveLength(1_024);
    expect(message({ partitionkey: 'x'.repeat(1_025) }).orderingKey).toMatch(/^[\w-]{43}$/);
  });

  it('repeats no attribute that is longer than Pub/Sub takes', () => {
    const attributes = message({ long: 'ü'.repeat(513), short: 'ü'.repeat(512) }).attributes;
    expect(attributes).toHaveProperty('ce-short');
    expect(attributes).not.toHaveProperty('ce-long');
  });

  it.each([
    { long: 'x'.repeat(1_025) },
    { datacontenttype: 'application/cloudevents+json', data: {} },
  ])('is structured where binary mode would lose something: %o', (rest) => {
    const { attributes, data } = message(rest, 'binary');
    expect(attributes['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(JSON.parse(data.toString())).toMatchObject(rest);
  });

  it('of bytes is those bytes in binary mode', () => {
    const rest = { datacontenttype: 'image/jpeg', data_base64: '/9j/' };
    const { data, attributes } = message(rest, 'binary');
    expect([...data]).toEqual([0xff, 0xd8, 0xff]);
    expect(attributes['content-type']).toBe('image/jpeg');
  });

  it('over 10 MB is refused for good', () => {
    const sized = (bytes: number) => messageOf({ event, body: 'x'.repeat(bytes) }, 'structured');
    expect(isHearthError(sized(10_000_000))).toBe(false);
    expect(sized(10_000_001)).toMatchObject({ code: 'limit-exceeded', retryable: false });
  });
});

describe('pubsubPublisher', () => {
  it('takes the client of the SDK', () => {
    expectTypeOf<PubSub>().toExtend<PubsubClient>();
  });

  it.each(['', 'ab', 'a/b', 'projects//topics/abc', undefined])(
    'refuses the topic "%s"',
    (topic) => {
      expect(() => pubsubPublisher({ topic: topic as string })).toThrow(
        expect.objectContaining({ code: 'invalid-option', field: 'topic' }) as Error,
      );
    },
  );
});

it('takes no other event with it if it cannot be written, or if the SDK throws for it', async () => {
  const taken: string[] = [];
  const client: PubsubClient = {
    topic: () => ({
      publishMessage(sent) {
        if (sent.orderingKey === 'thrown')
          throw new TypeError('Data must be in the form of a Buffer.');
        taken.push(String(sent.orderingKey));
        return Promise.resolve('1');
      },
      resumePublishing: () => undefined,
    }),
  };
  const { publish } = pubsubPublisher({ topic: 'events', mode: 'binary', client });
  const outgoing = (rest: object) => {
    const whole = { ...event, data: {}, ...rest };
    return { event: whole, body: JSON.stringify(whole) };
  };
  const half = { id: '\ud800', subject: 'half' };
  const all = [half, { subject: 'thrown' }, {}].map(outgoing);
  expect(await publish(all)).toMatchObject([
    { outcome: 'failed', error: { code: 'invalid-event', retryable: false } },
    { outcome: 'failed', error: { code: 'publisher-unavailable', retryable: true } },
    { outcome: 'published' },
  ]);
  expect(taken).toEqual(['t1']);
});
