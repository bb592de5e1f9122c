import { describe, expect, it } from 'vitest';
import { acks } from './acks.ts';

function stream() {
  const written: number[] = [];
  return {
    written,
    destroyed: false,
    write(bytes: Uint8Array) {
      for (let i = 0; i < bytes.length; i += 4) {
        expect([bytes[i], bytes[i + 1]]).toEqual([0x40, 2]);
        written.push(((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0));
      }
    },
  };
}

describe('acks', () => {
  it('are sent in the order in which the messages came', () => {
    const to = stream();
    const owed = acks(to);
    const [first, second, third] = [7, 300, 65_535].map((id) => owed.owe(id, 0));
    owed.settle(third!);
    owed.settle(second!);
    owed.flush(10);
    expect([to.written, owed.isHeldUp]).toEqual([[], true]);
    owed.settle(first!);
    owed.flush(10);
    expect([to.written, owed.isHeldUp]).toEqual([[7, 300, 65_535], false]);
  });

  it('do not wait for a message that is tried again', () => {
    const to = stream();
    const owed = acks(to);
    const [first, second] = [1, 2].map((id) => owed.owe(id, 0));
    owed.pass(first!);
    owed.settle(second!);
    owed.flush(10);
    expect(to.written).toEqual([2]);
    owed.settle(first!);
    owed.flush(20);
    expect(to.written).toEqual([2, 1]);
  });

  it('wait a second for a message that takes its time, and no longer', () => {
    const to = stream();
    const owed = acks(to);
    const [first, second] = [1, 2].map((id) => owed.owe(id, 0));
    owed.settle(second!);
    owed.flush(999);
    expect(to.written).toEqual([]);
    owed.flush(1_000);
    expect(to.written).toEqual([2]);
    owed.settle(first!);
    owed.flush(5_000);
    expect(to.written).toEqual([2, 1]);
  });

  it('are not sent on a connection that has ended', () => {
    const to = stream();
    const owed = acks(to);
    owed.settle(owed.owe(1, 0));
    to.destroyed = true;
    owed.flush(10);
    expect(to.written).toEqual([]);
  });
});
