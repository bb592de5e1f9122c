import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineDevice } from './device.ts';
import type { Incoming } from './event.ts';
import { defineHandler } from './handler.ts';
import { defineHome } from './home.ts';
import { each } from './reads.ts';
import {
  copiesSeen,
  keepCopy,
  leftIn,
  watchesOf,
  withoutCopies,
  type Copies,
  type Watches,
} from './rule-watch.ts';

const light = defineDevice({
  type: 'light',
  state: z.object({ on: z.boolean(), level: z.number() }),
  initial: { on: false, level: 0 },
});
const lock = defineDevice({
  type: 'lock',
  state: z.object({ locked: z.boolean() }),
  initial: { locked: true },
});
const home = defineHome({ type: 'home', state: z.object({ n: z.number() }), initial: { n: 7 } });
const barn = defineHome({ type: 'barn', state: z.object({ n: z.number() }), initial: { n: 0 } });
const counter = defineHandler({ name: 'counter', state: z.number(), initial: 0 });

function changed(subject: string, seq: number, data: unknown, more: object = {}): Incoming {
  return {
    specversion: '1.0',
    id: `${subject}-${seq}`,
    source: 'urn:acme',
    type: 'light.changed',
    subject,
    partitionkey: 'h1',
    recordseq: `hash.${String(seq).padStart(12, '0')}`,
    data,
    ...more,
  };
}

const left = (subject: string, seq: number) =>
  changed(subject, seq, { home: 'h1' }, { type: 'light.left' });

function watch(watches: Watches) {
  const watched = watchesOf('rule', home, watches);
  const keep = (...events: readonly Incoming[]) =>
    events.reduce<Copies>((copies, event) => keepCopy(copies, watched, event) ?? copies, {});
  return { watched, keep, see: (copies: Copies) => copiesSeen(copies, watched) };
}

const lights = watch({ home, lights: each(light) });
const on = { on: true, level: 1 };
const off = { on: false, level: 0 };

describe('the copies of a rule', () => {
  it('begin with the initial state of a single model, and with an empty list', () => {
    expect(lights.see({})).toEqual({ home: { n: 7 }, lights: [] });
  });

  it('keep the newest state of each subject', () => {
    const copies = lights.keep(changed('l1', 1, off), changed('l2', 1, on), changed('l1', 2, on));
    expect(lights.see(copies)['lights']).toEqual([
      { subject: 'l1', state: on },
      { subject: 'l2', state: on },
    ]);
  });

  it('drop a change whose counter is lower or equal', () => {
    const copies = lights.keep(changed('l1', 9, on), changed('l1', 8, off));
    expect(lights.see(copies)['lights']).toEqual([{ subject: 'l1', state: on }]);
    expect(keepCopy(copies, lights.watched, changed('l1', 9, off))).toBeUndefined();
    expect(keepCopy(copies, lights.watched, changed('l1', 10, off))).toBeDefined();
  });

  it('drop it too when the device left in between', () => {
    const copies = lights.keep(changed('l1', 1, off), left('l1', 3), changed('l1', 2, on));
    expect(lights.see(copies)['lights']).toEqual([]);
  });

  it('take back a device that has returned', () => {
    const copies = lights.keep(changed('l1', 1, off), left('l1', 2), changed('l1', 4, on));
    expect(lights.see(copies)['lights']).toEqual([{ subject: 'l1', state: on }]);
  });

  it('believe what has no counter, which only a service can say', () => {
    const imported = changed('l1', 0, off);
    const { recordseq: _, ...bare } = imported;
    const copies = lights.keep(changed('l1', 5, on), bare);
    expect(lights.see(copies)['lights']).toEqual([{ subject: 'l1', state: off }]);
  });

  it('end alike whatever the order in which changes arrive', () => {
    const state = fc.record({ on: fc.boolean(), level: fc.nat(3) });
    const history = fc
      .array(fc.tuple(fc.constantFrom('l1', 'l2'), fc.boolean(), state), { maxLength: 8 })
      .map((all) =>
        all.map(([subject, stays, data], seq) =>
          stays ? changed(subject, seq, data) : left(subject, seq),
        ),
      );
    const orders = history.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
    );
    fc.assert(
      fc.property(orders, ([events, shuffled]) => {
        expect(lights.see(lights.keep(...shuffled))).toEqual(lights.see(lights.keep(...events)));
      }),
    );
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'keep a device named %s like any other',
    (name) => {
      const copies = lights.keep(changed(name, 1, off), changed(name, 2, on));
      const stored = JSON.parse(JSON.stringify(copies)) as Copies;
      expect(lights.see(stored)['lights']).toEqual([{ subject: name, state: on }]);
      expect(keepCopy(stored, lights.watched, changed(name, 2, off))).toBeUndefined();
    },
  );

  it('are listed in the order of code units, not of arrival, language or number', () => {
    const subjects = ['l2', 'l10', '2', '10', 'ä', 'z', 'Z'];
    const copies = lights.keep(...subjects.map((subject) => changed(subject, 1, on)));
    const seen = lights.see(copies)['lights'] as readonly { subject: string }[];
    expect(seen.map(({ subject }) => subject)).toEqual(['10', '2', 'Z', 'l10', 'l2', 'z', 'ä']);
  });

  it('are listed up to the limit', () => {
    const { keep, see } = watch({ lights: each(light, { limit: 2 }) });
    const copies = keep(changed('c', 1, on), changed('a', 1, on), changed('b', 1, on));
    expect(see(copies)['lights']).toMatchObject([{ subject: 'a' }, { subject: 'b' }]);
  });

  it('hold only what was picked', () => {
    const { keep } = watch({ lights: each(light, { pick: ['on'] }) });
    expect(keep(changed('l1', 1, on))).toEqual({
      lights: { l1: ['000000000001', { on: true }] },
    });
  });

  it('serve two watches of one model', () => {
    const { keep, see } = watch({
      lit: each(light, { pick: ['on'] }),
      levels: each(light, { pick: ['level'] }),
    });
    expect(see(keep(changed('l1', 1, on)))).toEqual({
      lit: [{ subject: 'l1', state: { on: true } }],
      levels: [{ subject: 'l1', state: { level: 1 } }],
    });
  });

  it('leave out another model and another type', () => {
    expect(lights.keep(changed('l1', 1, on, { type: 'lock.changed' }))).toEqual({});
  });
});

describe('the record of a rule', () => {
  const subjects = (per: typeof home | typeof light, watches: Watches, event: Incoming) =>
    watchesOf('rule', per, watches)
      .filter(({ event: { type } }) => type === event.type)
      .map(({ subjectOf }) => subjectOf(event));

  it('is that of the home in which a device lives', () => {
    const watches = { lights: each(light) };
    expect(subjects(home, watches, changed('l1', 1, on))).toEqual(['h1']);
    expect(subjects(home, watches, left('l1', 1))).toEqual(['h1']);
  });

  it('is none for a device that lives nowhere', () => {
    const homeless = changed('l1', 1, on, { partitionkey: 'l1' });
    expect(subjects(home, { lights: each(light) }, homeless)).toEqual([undefined]);
  });

  it('is that of the home, or of the device, that it is per', () => {
    const told = changed('h1', 1, { n: 1 }, { type: 'home.changed' });
    expect(subjects(home, { home }, told)).toEqual(['h1']);
    expect(subjects(light, { light }, changed('l1', 1, on))).toEqual(['l1']);
  });
});

describe('what a rule cannot watch', () => {
  const circular = 'it is undefined here, perhaps because two modules import each other';
  const many = 'a rule per device watches that device alone; make it per home';

  it.each([
    ['a handler', home, { x: counter }, 'it has no "changed" event; watch a device or a home'],
    ['each of a handler', home, { x: each(counter) }, 'it has no "changed" event'],
    ['one device of a home', home, { x: light }, 'a home has many of them; watch each(…)'],
    ['another home', home, { x: barn }, 'it is another home than the one that the rule is per'],
    ['other homes', home, { x: each(barn) }, 'it is another home than the one'],
    ['each of one home', home, { x: each(home) }, 'there is one home; watch it without each(…)'],
    ['devices by a tag', home, { x: each(light, { tag: 'room' }) }, 'leave out "tag"'],
    ['another device', light, { x: lock }, many],
    ['each of a device', light, { x: each(light) }, many],
    ['the home of a device', light, { x: home }, many],
    ['what is undefined', home, { x: undefined }, circular],
  ])('%s', (_, per, watches, why) => {
    expect(() => watchesOf('rule', per, watches as unknown as Watches)).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field: 'x',
        message: expect.stringContaining(why) as string,
      }),
    );
  });

  it('is nothing at all', () => {
    expect(() => watchesOf('rule', home, {})).toThrow(
      'The rule "rule" watches nothing: put a model into "watch".',
    );
  });

  it('is anything, when the rule is per what is undefined', () => {
    expect(() => watchesOf('rule', undefined as unknown as typeof home, { home })).toThrow(
      `The rule "rule" is per nothing: ${circular}.`,
    );
  });
});

describe('what has left', () => {
  const copies: Copies = { lights: { l1: ['2'], l2: ['1', { on: true }] }, all: { l1: ['2'] } };

  it('is told apart from what is there', () => {
    expect([...new Set(leftIn(copies))]).toEqual(['l1']);
    expect(leftIn({ lights: { l2: ['1', { on: true }] } })).toEqual([]);
  });

  it('can be forgotten like all else, and nothing but it', () => {
    const rest = withoutCopies(copies, 'l1');
    expect(rest).toEqual({ lights: { l2: ['1', { on: true }] }, all: {} });
    expect(withoutCopies(rest, 'l2')).toEqual({ lights: {}, all: {} });
    expect(withoutCopies(copies, 'l9')).toEqual(copies);
  });
});
