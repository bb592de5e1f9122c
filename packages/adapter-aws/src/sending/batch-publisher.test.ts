import type { CloudEvent } from '@hearth/core/event';
import type { Outgoing, PublishResult } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import { batchPublisher, type BatchService } from './batch-publisher.ts';
import { entryResults, fifoIds } from './entries.ts';
import { published } from './failure.ts';

const eventOf = (id: string, home = id): CloudEvent => ({
  specversion: '1.0',
  id,
  source: 'urn:acme',
  type: 't',
  partitionkey: home,
});
const outgoing = (id: string, home = id, bytes = 10): Outgoing => ({
  event: eventOf(id, home),
  body: 'x'.repeat(bytes),
});

function open(options: Partial<BatchService> = {}) {
  const batches: string[][] = [];
  const publisher = batchPublisher({
    where: 'The queue "q"',
    ordered: false,
    maxEventBytes: 100,
    maxRequestBytes: 250,
    entryBytes: 0,
    concurrency: 16,
    ...options,
    async send(batch) {
      batches.push(batch.map(({ event }) => event.id));
      return (await options.send?.(batch)) ?? batch.map(() => published);
    },
  });
  return { publisher, batches };
}

const outcomesOf = (results: readonly PublishResult[]) =>
  results.map((result) =>
    result.outcome === 'failed'
      ? [result.error.code, result.error.retryable ? 'again' : 'never']
      : result.outcome,
  );

describe('requests', () => {
  it('have ten events at most', async () => {
    const { publisher, batches } = open();
    await publisher.publish(Array.from({ length: 12 }, (_, i) => outgoing(`${i}`)));
    expect(batches.map(({ length }) => length)).toEqual([10, 2]);
  });

  it('have no more bytes than the service takes', async () => {
    const { publisher, batches } = open();
    await publisher.publish(['a', 'b', 'c'].map((id) => outgoing(id, id, 100)));
    expect(batches).toEqual([['a', 'b'], ['c']]);
  });

  it('have one event of a partition where order counts', async () => {
    const { publisher, batches } = open({ ordered: true });
    const homes = { a1: 'a', b1: 'b', a2: 'a', a3: 'a', b2: 'b' };
    await publisher.publish(Object.entries(homes).map(([id, home]) => outgoing(id, home)));
    expect(batches).toEqual([['a1', 'b1'], ['a2', 'b2'], ['a3']]);
  });

  it('have all events of a partition where it does not, each a destination of its own', async () => {
    const { publisher, batches } = open();
    await publisher.publish(['1', '2', '3'].map((id) => outgoing(id, 'home')));
    expect(batches).toEqual([['1', '2', '3']]);
    const destinations = ['1', '2'].map((id) => publisher.destination?.(eventOf(id)));
    expect(new Set(destinations).size).toBe(2);
  });

  it('have the events of several calls', async () => {
    const { publisher, batches } = open();
    await Promise.all(['1', '2'].map((id) => publisher.publish([outgoing(id)])));
    expect(batches).toEqual([['1', '2']]);
  });
});

describe('a request that is refused as a whole', () => {
  const refuse = (name: string, status: number) =>
    Object.assign(new Error('No.'), { name, $metadata: { httpStatusCode: status } });

  it('as invalid is tried again one by one, so that one event does not fail all', async () => {
    const { publisher, batches } = open({
      send: async (batch) => {
        if (batch.some(({ event }) => event.id === 'bad')) throw refuse('InvalidParameter', 400);
        return batch.map(() => published);
      },
    });
    const results = await publisher.publish(['1', 'bad', '2'].map((id) => outgoing(id)));
    expect(outcomesOf(results)).toEqual(['published', ['invalid-event', 'never'], 'published']);
    expect(batches).toEqual([['1', 'bad', '2'], ['1'], ['bad'], ['2']]);
  });

  it.each([
    ['ThrottlingException', 400],
    ['AccessDeniedException', 403],
    ['InvalidClientTokenId', 403],
    ['InvalidSecurity', 400],
    ['QueueDoesNotExist', 400],
    ['InternalFailure', 500],
  ])('by %s may be tried again, and is not at once', async (name, status) => {
    const { publisher, batches } = open({ send: () => Promise.reject(refuse(name, status)) });
    const results = await publisher.publish(['1', '2'].map((id) => outgoing(id)));
    const again = ['publisher-unavailable', 'again'];
    expect([outcomesOf(results), batches.length]).toEqual([[again, again], 1]);
  });
});

describe('the results of entries', () => {
  it('are read one by one, and what nobody says is no success', () => {
    const failed = [
      { Id: '1', Code: 'InternalError', SenderFault: false },
      { Id: '2', Code: 'InvalidMessageContents', SenderFault: true },
      { Id: '3', Code: 'KmsAccessDenied', SenderFault: true },
    ];
    expect(outcomesOf(entryResults('The queue', 5, [{ Id: '0' }], failed))).toEqual([
      'published',
      ['publisher-unavailable', 'again'],
      ['invalid-event', 'never'],
      ['publisher-unavailable', 'again'],
      ['publisher-unavailable', 'again'],
    ]);
  });
});

describe('the ids of a FIFO message', () => {
  it('are the partition, and the same for the same source and id only', () => {
    const one = fifoIds(eventOf('1', 'home-1'));
    expect(one.MessageGroupId).toBe('home-1');
    expect(fifoIds(eventOf('1', 'home-2')).MessageDeduplicationId).toBe(one.MessageDeduplicationId);
    const other = { ...eventOf('1'), source: 'urn:other' };
    expect(fifoIds(other).MessageDeduplicationId).not.toBe(one.MessageDeduplicationId);
  });

  it.each(['', 'Haus Ö', 'x'.repeat(129)])(
    'are a hash of what no group may be called: "%s"',
    (home) => {
      expect(fifoIds(eventOf('1', home)).MessageGroupId).toMatch(/^[\da-f]{64}$/);
    },
  );
});
