import { HearthError, type CloudEvent, type Handled, type Input } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import { latch, type Latch } from '../test/latch.ts';
import type { HandleInputs } from '@hearth/core/trigger';
import { gather } from './gather.ts';

const input = (id: string, about: Partial<CloudEvent> = {}): Input => ({
  event: { specversion: '1.0', id, source: '/s', type: 't', ...about },
  principal: { kind: 'service', id: 'test' },
});
const inputs = (...ids: readonly string[]) => ids.map((id) => input(id));
const idOf = ({ event }: Input) => ('id' in event ? event.id : '');

/** Handles by echoing ids, and notes which came together. */
function echo() {
  const calls: string[][] = [];
  const handleAll: HandleInputs = async (all) => {
    calls.push(all.map(idOf));
    return all.map((one): Handled => ({ verdict: 'done', reply: idOf(one) }));
  };
  return { calls, handleAll };
}

const repliesOf = (handled: readonly Handled[]) => handled.map(({ reply }) => reply);

describe('requests of one turn', () => {
  it('share a call, and each gets its own verdicts', async () => {
    const { calls, handleAll } = echo();
    const handIn = gather(handleAll, { inputs: 10, calls: 1 });
    const handled = await Promise.all([handIn(inputs('a')), handIn(inputs('b', 'c')), handIn([])]);
    expect(handled.map(repliesOf)).toEqual([['a'], ['b', 'c'], []]);
    expect(calls).toEqual([['a', 'b', 'c']]);
  });

  it('are divided where a call would get too many, but a request never is', async () => {
    const { calls, handleAll } = echo();
    const handIn = gather(handleAll, { inputs: 3, calls: 9 });
    const sent = [inputs('a', 'b'), inputs('c', 'd'), inputs('e', 'f', 'g', 'h'), inputs('i')];
    const handled = await Promise.all(sent.map(handIn));
    expect(handled.map(repliesOf)).toEqual(sent.map((all) => all.map(idOf)));
    expect(calls).toEqual([
      ['a', 'b', 'i'],
      ['c', 'd'],
      ['e', 'f', 'g', 'h'],
    ]);
  });
});

describe('requests of several turns', () => {
  it('do not wait for each other', async () => {
    const { calls, handleAll } = echo();
    const handIn = gather(handleAll, { inputs: 10, calls: 2 });
    await handIn(inputs('a'));
    await handIn(inputs('b'));
    expect(calls).toEqual([['a'], ['b']]);
  });

  it('wait, and then share a call, when as many are in progress as may be', async () => {
    const { calls, handleAll } = echo();
    const gate = latch();
    const slow: HandleInputs = async (all) => {
      const handled = await handleAll(all);
      await gate.opened;
      return handled;
    };
    const handIn = gather(slow, { inputs: 10, calls: 1 });
    const first = handIn(inputs('a'));
    await turn();
    const others = [handIn(inputs('b'))];
    await turn();
    others.push(handIn(inputs('c')));
    await turn();
    expect(calls).toEqual([['a']]);
    gate.open();
    await Promise.all([first, ...others]);
    expect(calls).toEqual([['a'], ['b', 'c']]);
  });
});

describe('requests about one thing', () => {
  /** Calls that end when they are told to, by the id of their first input. */
  function stepwise() {
    const { calls, handleAll } = echo();
    const gates = new Map<string, Latch>();
    const handIn = gather(
      async (all) => {
        const gate = latch();
        gates.set(idOf(all[0] as Input), gate);
        const handled = await handleAll(all);
        await gate.opened;
        return handled;
      },
      { inputs: 10, calls: 9 },
    );
    const end = async (id: string) => {
      gates.get(id)?.open();
      await turn();
      await turn();
    };
    return { calls, handIn, end };
  }

  it('wait for each other and then share a call, while others go on', async () => {
    const { calls, handIn, end } = stepwise();
    void handIn([input('a', { subject: 'd1' })]);
    await turn();
    for (const id of ['b', 'c']) void handIn([input(id, { subject: 'd1' })]);
    void handIn([input('d', { subject: 'd2' })]);
    await turn();
    expect(calls).toEqual([['a'], ['d']]);
    await end('a');
    expect(calls).toEqual([['a'], ['d'], ['b', 'c']]);
  });

  it('are told by their partition, where they have one', async () => {
    const { calls, handIn } = stepwise();
    void handIn([input('a', { subject: 'd1', partitionkey: 'h1' })]);
    await turn();
    void handIn([input('b', { subject: 'd2', partitionkey: 'h1' })]);
    void handIn([input('c', { subject: 'd1', partitionkey: 'h2' })]);
    await turn();
    expect(calls).toEqual([['a'], ['c']]);
  });

  it('are never kept waiting by a device that names the partition of others', async () => {
    const { calls, handIn } = stepwise();
    const device = { kind: 'device', id: 'd9' } as const;
    const theirs = input('a', { subject: 'd9', partitionkey: 'h1' });
    void handIn([{ ...theirs, principal: device }]);
    await turn();
    void handIn([input('b', { subject: 'd1', partitionkey: 'h1' })]);
    await turn();
    expect(calls).toEqual([['a'], ['b']]);
  });

  it('do not overtake a batch that waits for several things', async () => {
    const { calls, handIn, end } = stepwise();
    void handIn([input('a', { subject: 'd1' })]);
    await turn();
    void handIn([input('b', { subject: 'd1' }), input('c', { subject: 'd2' })]);
    void handIn([input('d', { subject: 'd2' })]);
    await turn();
    expect(calls).toEqual([['a']]);
    await end('a');
    expect(calls).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('are not what is no event', async () => {
    const { calls, handIn } = stepwise();
    const event = new HearthError('invalid-event', 'It is none.');
    for (let i = 0; i < 2; i += 1) {
      void handIn([input(`${i}`), { event, principal: { kind: 'anonymous', id: '' } }]);
      await turn();
    }
    expect(calls).toHaveLength(2);
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
