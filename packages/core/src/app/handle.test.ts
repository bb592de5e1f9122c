import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  defineApp,
  defineEvent,
  defineHandler,
  events,
  handle,
  HearthError,
  read,
} from '../index.ts';
import type { Publisher, Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const pressed = defineEvent('com.acme.pressed', z.object({}));
const lit = defineEvent('com.acme.lit', z.object({}));
const lamp = defineHandler({ name: 'lamp', state: z.number(), initial: 0 }).on(
  pressed,
  ({ state, event }) => ({ state: state + 1, emit: lit(event.subject, {}) }),
);
const app = defineApp({ source: 'urn:acme', parts: [lamp, events(lit)] });

const press = (subject: string) => ({
  principal: { kind: 'service', id: 'test' } as const,
  event: {
    ...pressed(subject, {}),
    specversion: '1.0',
    id: subject,
    source: 'urn:test',
  } as const,
});

function oops(): never {
  throw new Error('oops');
}

/** Whatever is published about `bad` makes something throw that nobody foresaw. */
function home(more: Partial<Runtime> = {}) {
  const memory = memoryPublisher();
  const publish: Publisher['publish'] = async (all) =>
    all.some(({ event }) => event.subject === 'bad') ? [] : memory.publish(all);
  const runtime: Runtime = {
    store: memoryStore(),
    publisher: { ordered: true, publish },
    clock: { now: () => 0, sleep: async () => undefined, within: () => Promise.reject() },
    random: oops,
    ...more,
  };
  return { runtime, published: memory.published };
}

const unforeseen = { verdict: 'retry', code: 'step-failed' };

describe('what nobody foresaw', () => {
  it('lets only the input come again with which it happens', async () => {
    const { runtime, published } = home();
    const inputs = ['a', 'bad', 'b'].map(press);
    expect(await handle(app, inputs, runtime)).toMatchObject([
      { verdict: 'done' },
      unforeseen,
      { verdict: 'done' },
    ]);
    expect(published.map(({ event }) => event.subject)).toEqual(['a', 'b']);
    expect((await read(runtime, lamp.ref('b'))).state).toBe(1);
  });

  it('lets everything behind it come again where an order is kept', async () => {
    const { runtime } = home();
    const inputs = ['a', 'bad', 'b'].map(press);
    expect(await handle(app, inputs, runtime, { order: 'key' })).toMatchObject([
      { verdict: 'done' },
      unforeseen,
      unforeseen,
    ]);
  });

  it('becomes a verdict even if the logger throws', async () => {
    const logger = { debug: oops, info: oops, warn: oops, error: oops, fatal: oops };
    expect(await handle(app, [press('bad')], home({ logger }).runtime)).toMatchObject([unforeseen]);
  });
});

describe('a log line about an input that comes again', () => {
  const linesFor = async (reason: HearthError) => {
    const lines: object[] = [];
    const note = (fields: object) => void lines.push(fields);
    const logger = { debug: note, info: note, warn: note, error: note, fatal: note };
    const store = { ...memoryStore(), load: () => Promise.reject(reason) };
    await handle(app, [press('a')], home({ logger, store }).runtime);
    return lines;
  };

  it('says what is wrong with the store, such as a package that is missing', async () => {
    const message = 'The package "x" is not installed: npm install x.';
    const lines = await linesFor(new HearthError('store-unavailable', message));
    expect(lines).toMatchObject([{ reason: 'store-unavailable', detail: message }]);
  });

  it('shows nothing else, which may name whom it is about', async () => {
    const lines = await linesFor(new HearthError('timeout', 'The record "lamp/a" is slow.'));
    expect(lines).toMatchObject([{ reason: 'timeout', detail: undefined }]);
  });
});
