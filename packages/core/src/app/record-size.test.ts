import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, events, handle, read, sweep } from '../index.ts';
import type { Input, Outcome, PublishResult, Runtime } from '../index.ts';
import { HearthError } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const asked = defineEvent('com.acme.asked', z.object({ what: z.string() }));
const rung = defineEvent('com.acme.rung', z.object({ what: z.string() }));
const told = defineEvent('com.acme.told', z.unknown());

const large = (bytes: number) => 'x'.repeat(bytes);
const many = (count: number, bytes: number) =>
  Array.from({ length: count }, () => told('s', large(bytes)));
const circle: { self?: unknown } = {};
circle.self = circle;

type State = { readonly heard: readonly string[]; readonly note?: string | undefined };

// What comes of a word, asked at once or rung by a timer.
const answers: Readonly<Record<string, (heard: State) => Outcome<State>>> = {
  'emits too much': () => ({ emit: many(5, 100_000) }),
  'emits what is no JSON': () => ({ emit: told('s', circle) }),
  'emits much': () => ({ emit: many(1, 100_000) }),
  replies: (heard) => ({ state: heard, reply: large(60_000) }),
  'rejects at length': () => ({ reject: { code: 'no', data: large(60_000) } }),
  'grows too large': (heard) => ({ state: { ...heard, note: large(400_000) } }),
};

const answer = (state: State, what: string): Outcome<State> => {
  const heard = { ...state, heard: [...state.heard, what] };
  return answers[what]?.(heard) ?? { state: heard };
};

const keeper = defineHandler<State>({
  name: 'keeper',
  state: z.object({ heard: z.array(z.string()).readonly(), note: z.string().optional() }),
  initial: { heard: [] },
})
  .on(asked, ({ state, event, now }) => {
    const [word = '', key = 'k'] = event.data.what.split(', set by ');
    if (word === event.data.what) return answer(state, word);
    return { timers: [{ key, at: now + 1, event: rung('s', { what: word }) }] };
  })
  .on(rung, ({ state, event }) => answer(state, event.data.what));
const app = defineApp({ source: 'urn:acme', parts: [keeper, events(told)] });

function home() {
  let now = 0;
  let ids = 0;
  let isDown = false;
  const [publisher, deadLetters] = [memoryPublisher(), memoryPublisher()];
  const error = new HearthError('publisher-unavailable', 'Down.', { retryable: true });
  const runtime: Runtime = {
    store: memoryStore(),
    publisher: {
      ordered: true,
      publish: async (all) =>
        isDown
          ? all.map((): PublishResult => ({ outcome: 'failed', error }))
          : publisher.publish(all),
    },
    deadLetters,
    sweep: true,
    clock: { now: () => now, sleep: async () => undefined, within: () => Promise.reject() },
  };
  const input = (what: string): Input => {
    ids += 1;
    const id = `${ids}`;
    const event = { ...asked('s', { what }), specversion: '1.0', id, source: 'test' } as const;
    return { event, principal: { kind: 'service', id: 'test' }, attempt: 1 };
  };
  return {
    runtime,
    letters: () => deadLetters.published.map(({ event }) => (event.data as { code: string }).code),
    published: publisher.published,
    ask: (...words: readonly string[]) => handle(app, words.map(input), runtime),
    again: (nth: number, what: string) => {
      ids = nth - 1;
      return handle(app, [input(what)], runtime);
    },
    down: (down: boolean) => {
      isDown = down;
    },
    pass: async (ms: number) => {
      now += ms;
      await sweep(app, runtime);
    },
    heard: async () => (await read(runtime, keeper.ref('s'))).state.heard,
  };
}

const done = { verdict: 'done' };

describe('a step that emits more than its record can hold', () => {
  it('is a bug of that step: its input has its attempts, and the others theirs', async () => {
    const { ask, heard } = home();
    expect(await ask('a', 'emits too much', 'b')).toMatchObject([
      done,
      { verdict: 'retry', code: 'record-too-large' },
      done,
    ]);
    expect(await heard()).toEqual(['a', 'b']);
  });

  it('waits if there will be room once what was emitted before is delivered', async () => {
    const { ask, down, pass, published } = home();
    down(true);
    await ask('emits much', 'emits much', 'emits much');
    const [handled] = await ask('emits much');
    expect(handled).toMatchObject({ verdict: 'retry', code: 'record-too-large' });
    expect(handled?.message).toContain('400000 bytes');
    down(false);
    await pass(60_000);
    expect(await ask('emits much')).toMatchObject([done]);
    expect(published).toHaveLength(4);
  });
});

describe('a timer whose outcome cannot be saved', () => {
  it.each([
    ['emits too much', 'record-too-large'],
    ['emits what is no JSON', 'invalid-output'],
    ['grows too large', 'record-too-large'],
  ])('does not stand in the way of its record when it %s', async (what, code) => {
    const { ask, pass, heard, letters } = home();
    await ask(`${what}, set by a`);
    await pass(10);
    expect(await ask('b', 'c')).toMatchObject([done, done]);
    expect(await heard()).toEqual(['b', 'c']);
    for (let tries = 1; tries < 6; tries += 1) await pass(1_000_000);
    expect(letters()).toEqual([code]);
    expect(await ask('d')).toMatchObject([done]);
  });

  it('is not to blame for what many emit together', async () => {
    const { ask, pass, heard, letters, published } = home();
    await ask(...[1, 2, 3, 4, 5, 6, 7].map((key) => `emits much, set by ${key}`));
    await pass(10);
    expect(await ask('b')).toMatchObject([done]);
    expect(published).toHaveLength(7);
    expect(await heard()).toEqual(['b']);
    expect(letters()).toEqual([]);
  });
});

describe('answers that are kept for doubles', () => {
  it('never fill a record', async () => {
    const { ask, heard } = home();
    for (let nth = 1; nth <= 12; nth += 1) expect(await ask('replies')).toMatchObject([done]);
    expect(await heard()).toHaveLength(12);
  });

  it('give way, but a rejection stays one', async () => {
    const { ask, again } = home();
    for (let nth = 1; nth <= 8; nth += 1) await ask('rejects at length');
    expect(await ask('replies')).toMatchObject([done]);
    expect(await again(1, 'rejects at length')).toMatchObject([
      { verdict: 'rejected', code: 'no' },
    ]);
  });
});
