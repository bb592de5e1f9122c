import type { Handled, Input } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import { latch } from '../test/latch.ts';
import { gather, type HandleInputs } from './gather.ts';

const input = (id: string): Input => ({
  event: { specversion: '1.0', id, source: '/s', type: 't' },
  principal: { kind: 'service', id: 'test' },
});
const inputs = (...ids: readonly string[]) => ids.map(input);
const idOf = ({ event }: Input) => (event as { readonly id: string }).id;

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
    expect(calls).toEqual([['a', 'b'], ['c', 'd'], ['e', 'f', 'g', 'h'], ['i']]);
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

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
