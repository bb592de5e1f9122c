import { describe, expect, it } from 'vitest';
import { transportIds } from './transport-ids.ts';

const first = {
  packetId: 1,
  isRepeated: false,
  topic: 'device/t1/pressed',
  payload: Buffer.from('{"a":1}'),
};
const again = { ...first, isRepeated: true };

describe('transportIds', () => {
  it('gives a message that the broker sends again the id that it had', () => {
    const ids = transportIds();
    expect(ids.of(again)).toBe(ids.of(again));
    expect(ids.of(first)).toBe(ids.of(again));
  });

  it('gives equal messages that the broker does not call the same different ids', () => {
    const ids = transportIds();
    expect(ids.of(first)).not.toBe(ids.of(first));
  });

  it.each([
    ['payload', { ...again, payload: Buffer.from('{"a":2}') }],
    ['end of a long payload', { ...again, payload: Buffer.alloc(5_000, 1) }],
    ['topic', { ...again, topic: 'device/t2/pressed' }],
  ])('is not misled by a packet identifier that was used for another %s', (_, other) => {
    const ids = transportIds();
    const long = Buffer.alloc(5_000, 1);
    long[4_999] = 2;
    const before = ids.of(other.payload.length > 100 ? { ...first, payload: long } : first);
    expect(ids.of(other)).not.toBe(before);
  });

  it('remembers nothing of a session that the broker has forgotten', () => {
    const ids = transportIds();
    const before = ids.of(first);
    ids.forget();
    expect(ids.of(again)).not.toBe(before);
  });

  it('gives messages without a packet identifier an id each', () => {
    const ids = transportIds();
    const quick = { ...first, packetId: undefined };
    expect(ids.of(quick)).not.toBe(ids.of(quick));
  });

  it('never gives an id of another process', () => {
    expect(transportIds().of(first)).not.toBe(transportIds().of(first));
  });
});
