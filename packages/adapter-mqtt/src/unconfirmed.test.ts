import { describe, expect, it } from 'vitest';
import { unconfirmed } from './unconfirmed.ts';

function world() {
  const questions: { readonly yes: () => void; readonly no: () => void }[] = [];
  let rooms = 0;
  const confirm = () =>
    new Promise<void>((resolve, reject) => {
      questions.push({ yes: resolve, no: () => reject(new Error('away')) });
    });
  const heard = unconfirmed(confirm, () => (rooms += 1));
  const answer = (key: string, count: number) => {
    for (let n = 0; n < count; n += 1) heard.answered(key);
  };
  return { heard, questions, answer, rooms: () => rooms };
}

const turn = () => new Promise(setImmediate);

describe('unconfirmed messages', () => {
  it('leave room for 32 of each key', () => {
    const { heard, answer, questions } = world();
    answer('a', 31);
    expect([heard.room('a'), heard.room('b')]).toEqual([1, 32]);
    expect(questions).toHaveLength(0);
  });

  it('make the broker be asked once there is no room, and one time only', async () => {
    const { heard, answer, questions, rooms } = world();
    answer('a', 32);
    expect([heard.room('a'), heard.room('a')]).toEqual([0, 0]);
    expect(questions).toHaveLength(1);
    questions[0]?.yes();
    await turn();
    expect([heard.room('a'), rooms()]).toEqual([32, 1]);
  });

  it('are not confirmed by the answer to a question that was asked before', async () => {
    const { heard, answer, questions } = world();
    answer('a', 32);
    heard.room('a');
    answer('b', 10);
    questions[0]?.yes();
    await turn();
    expect([heard.room('a'), heard.room('b')]).toEqual([32, 22]);
  });

  it('wait for the next connection when this one ends without an answer', async () => {
    const { heard, answer, questions } = world();
    answer('a', 32);
    heard.room('a');
    questions[0]?.no();
    await turn();
    expect([heard.room('a'), questions.length]).toEqual([0, 1]);
    heard.reset();
    expect(heard.room('a')).toBe(32);
  });
});
