import { expect, it } from 'vitest';
import { HearthError } from '../event/error.ts';
import { inLanes, oneByOne, partitionOf } from './lanes.ts';
import type { Outgoing, PublishResult } from './publisher.ts';

const outgoing = (id: string, rest: object = {}): Outgoing => ({
  event: { specversion: '1.0', id, source: '/s', type: 't', ...rest },
  body: '',
});
const published: PublishResult = { outcome: 'published' };
const failed: PublishResult = { outcome: 'failed', error: new HearthError('timeout', 'Late.') };

it('keeps together what has one partition, else one subject', () => {
  const event = { specversion: '1.0', id: '1', source: '/s', type: 't' } as const;
  expect(partitionOf(event)).toBe('');
  expect(partitionOf({ ...event, subject: 's' })).toBe('s');
  expect(partitionOf({ ...event, subject: 's', partitionkey: 'p' })).toBe('p');
});

it('sends nothing of a lane after what was not published, and answers in the order given', async () => {
  const sent: string[] = [];
  const send = async ({ event: { id } }: Outgoing) => {
    sent.push(id);
    return id === 'a2' ? failed : published;
  };
  const events = [
    outgoing('a1', { subject: 'a' }),
    outgoing('b1', { subject: 'b' }),
    outgoing('a2', { subject: 'a' }),
    outgoing('a3', { subject: 'a' }),
    outgoing('b2', { subject: 'b' }),
  ];
  const results = await inLanes(events, (lane) => oneByOne(lane, send));
  expect(results).toEqual([published, published, failed, { outcome: 'skipped' }, published]);
  expect(sent.toSorted()).toEqual(['a1', 'a2', 'b1', 'b2']);
});

it.each([
  [1, 1],
  [2, 2],
  [undefined, 3],
])('sends at most %s lanes at once', async (most, expected) => {
  let [open, peak] = [0, 0];
  const send = async () => {
    open += 1;
    peak = Math.max(peak, open);
    await Promise.resolve();
    open -= 1;
    return published;
  };
  const events = ['a', 'b', 'c'].map((id) => outgoing(id));
  const options = { laneOf: ({ id }: Outgoing['event']) => id };
  const all = most === undefined ? options : { ...options, most };
  await inLanes(events, (lane) => oneByOne(lane, send), all);
  expect(peak).toBe(expected);
});
