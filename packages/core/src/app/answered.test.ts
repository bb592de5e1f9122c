import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle, HearthError } from '../index.ts';
import type { Answered, CloudEvent, Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const counted = defineEvent('com.acme.counted', z.object({ by: z.number() }));
const counter = defineHandler({ name: 'counter', state: z.number(), initial: 0 }).on(
  counted,
  ({ state, event }) => (event.data.by === 0 ? {} : { state: state + event.data.by }),
);
const app = defineApp({ source: 'urn:acme', parts: [counter] });
const principal = { kind: 'service', id: 'test' } as const;

const event = (id: string, by: unknown): CloudEvent => ({
  specversion: '1.0',
  id,
  source: 's',
  type: counted.type,
  subject: 'c1',
  data: { by },
});

const runtime: Runtime = {
  store: memoryStore(),
  publisher: memoryPublisher(),
  clock: {
    now: () => 0,
    sleep: () => Promise.resolve(),
    within: (_, work) => work(new AbortController().signal),
  },
};

describe('an observer of verdicts', () => {
  it('sees what changed nothing, doubles and refusals, too', async () => {
    const seen: Answered[] = [];
    const inputs = [
      event('1', 1),
      event('2', 0),
      event('1', 1),
      event('3', 'many'),
      new HearthError('invalid-event', 'No event.'),
    ];
    const answered = (one: Answered) => void seen.push(one);
    const handled = await handle(
      app,
      inputs.map((one) => ({ event: one, principal })),
      { ...runtime, answered },
    );
    expect(seen.map(({ event: one }) => one)).toEqual(inputs);
    expect(seen).toMatchObject(handled);
    expect(seen).toMatchObject([
      { verdict: 'done', principal },
      { verdict: 'done' },
      { verdict: 'done', duplicate: true },
      { verdict: 'rejected', code: 'invalid-data' },
      { verdict: 'rejected', code: 'invalid-event' },
    ]);
  });

  it('cannot change a verdict by throwing', async () => {
    const answered = () => {
      throw new Error('a bug in the view');
    };
    const handled = await handle(app, [{ event: event('4', 1), principal }], {
      ...runtime,
      answered,
    });
    expect(handled).toEqual([{ verdict: 'done' }]);
  });
});
