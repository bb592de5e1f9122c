import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  by,
  defineApp,
  defineCall,
  defineDevice,
  defineEvent,
  defineHandler,
  defineHome,
  defineRule,
  each,
  handle,
  lives,
  read,
} from '../index.ts';
import type { App, CloudEvent, Draft, Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';
import { pick } from './index.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ isOn: z.boolean() }),
  initial: { isOn: false },
  writable: z.object({ isOn: z.boolean() }),
});
const home = defineHome({
  type: 'home',
  state: z.object({ isAway: z.boolean() }),
  initial: { isAway: false },
});
const allOff = defineRule({
  name: 'all-off',
  per: home,
  watch: { home, lamps: each(lamp) },
  when: {
    away: ({ home: { isAway } }) => isAway,
    lit: ({ lamps }) => lamps.some(({ state }) => state.isOn),
  },
  emit: ({ lamps }) => lamps.map(({ subject }) => lamp.set(subject, { isOn: false })),
});
const note = defineEvent('note', z.object({ text: z.string() }));
const translate = defineCall({
  type: 'translate',
  request: z.object({ text: z.string() }),
  result: z.object({ text: z.string() }),
  timeoutMs: 1000,
  attempts: 1,
});
const notes = defineHandler({
  name: 'notes',
  state: z.array(z.string()),
  initial: [],
  reads: { home: by(home) },
})
  .on(note, ({ event }) => ({ emit: translate(event.subject, event.data) }))
  .on(translate.done, ({ state, event }) => ({ state: [...state, event.data.result.text] }));
const app = defineApp({ source: 'urn:acme', parts: [lamp, home, allOff, translate, notes] });

const start = Date.UTC(2026, 0, 1);
const clock = {
  now: () => start,
  sleep: () => Promise.resolve(),
  within: <T>(_: number, work: (signal: AbortSignal) => Promise<T>) =>
    work(new AbortController().signal),
};
const eventOf = (draft: Draft, id: string): CloudEvent => ({
  specversion: '1.0',
  id,
  source: 'registry',
  time: '2026-01-01T00:00:00Z',
  ...draft,
});

/** Plays a story on functions that share a store and a bus. */
async function play(functions: readonly App[], drafts: readonly Draft[]) {
  const bus = memoryPublisher({ verify: false });
  const runtime: Runtime = {
    store: memoryStore(),
    publisher: bus,
    clock,
    calls: { translate: async ({ text }: { text: string }) => ({ text: `${text}!` }) },
  };
  const say = async (event: CloudEvent, principal: 'app' | 'service') => {
    for (const one of functions) {
      const speaker = {
        kind: principal,
        id: principal === 'app' ? app.source : 'registry',
      } as const;
      const [handled] = await handle(one, [{ event, principal: speaker }], runtime);
      expect(handled).toMatchObject({ verdict: 'done' });
    }
  };
  let at = 0;
  for (const [index, draft] of drafts.entries()) {
    await say(eventOf(draft, `e${index}`), 'service');
    for (; at < bus.published.length; at += 1)
      await say(JSON.parse(bus.published[at]?.body ?? '') as CloudEvent, 'app');
  }
  const published = new Set(bus.published.map(({ body }) => body));
  return { published: [...published].toSorted(), runtime };
}

const story = [
  lives('l1', 'h1'),
  lamp.events.reported('l1', { isOn: true }),
  home.set('h1', { isAway: true }),
  note('h1', { text: 'bye' }),
];

describe('a picked app', () => {
  it('does, with the others, what the whole app does: the same records, ids and bytes', async () => {
    const whole = await play([app], story);
    const split = [[lamp], [home, allOff], [notes], [translate]].map((parts) => pick(app, parts));
    const parts = await play(split, story);
    // The whole app performs the call where it is made; the others publish it, and one of them makes it its own.
    const others = (texts: readonly string[]) =>
      texts.filter((text) => !text.includes('translate'));
    expect(others(parts.published)).toEqual(others(whole.published));
    expect(others(whole.published).join()).toContain('lamp.desired');
    for (const { runtime } of [whole, parts]) {
      expect((await read(runtime, notes.ref('h1'))).state).toEqual(['bye!']);
      expect((await read(runtime, lamp.ref('l1'))).state.desired).toEqual({ isOn: false });
    }
  });

  it('says what has to come in, what has to get out, and what it reads', () => {
    expect(pick(app, [allOff]).needs).toEqual({
      incoming: ['home.changed', 'lamp.changed', 'lamp.left'],
      outgoing: [
        'hearth.device.bound',
        'hearth.device.forgotten',
        'hearth.device.standing',
        'home.imported',
        'home.set',
        'lamp.imported',
        'lamp.set',
        'note',
        'translate',
      ],
      reads: [],
    });
    expect(pick(app, [notes]).needs).toMatchObject({
      incoming: ['note', 'translate.done'],
      reads: ['home'],
    });
    expect(pick(app, [notes, translate]).needs.incoming).toEqual(['note', 'translate']);
  });

  it('leaves what it does not handle alone', async () => {
    const { runtime } = await play([pick(app, [home])], story);
    expect((await read(runtime, lamp.ref('l1'))).exists).toBe(false);
  });

  it('takes an event type of the app for what it is: known anyway', () => {
    expect(pick(app, [notes, note]).parts).toEqual([notes]);
  });
});

describe('pick refuses', () => {
  const other = defineHome({ type: 'other', state: z.object({}), initial: {} });
  it.each([
    ['a part of another app', [other], 'parts[0] ("other") is not a part of the app.'],
    ['an event type of another app', [home, defineEvent('x', z.object({}))], 'parts[1] ("x")'],
    ['what is undefined', [undefined as never], 'parts[0] is undefined'],
    ['nothing', [], 'Nothing was picked'],
    ['nothing that handles anything', [note], 'Nothing was picked'],
  ])('%s', (_, parts, message) => {
    expect(() => pick(app, parts)).toThrow(message);
    expect(() => pick(app, parts)).toThrow(expect.objectContaining({ code: 'invalid-definition' }));
  });
});
