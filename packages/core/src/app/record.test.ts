import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CloudEvent } from '../event/cloud-event.ts';
import { lives } from '../model/binding.ts';
import { defineDevice } from '../model/device.ts';
import { defineHandler, type Handler } from '../model/handler.ts';
import { byteLength } from '../ports/fit.ts';
import { simulation } from '../simulate/index.ts';
import { defineApp } from './define-app.ts';
import { keyOf, readRecord, writeRecord, type OutboxEntry } from './record.ts';

const handler = defineHandler({ name: 'h', state: z.object({}), initial: {} });

const told: CloudEvent = { specversion: '1.0', id: '1', source: 's', type: 't' };

function entryOf(event: CloudEvent): OutboxEntry {
  return { event, body: JSON.stringify(event), cause: 'abc-_123', nextAt: 5, tries: 2, done: 'p' };
}

/** What a record holds after it was stored and loaded with this outbox. */
function stored(outbox: readonly OutboxEntry[], seen = '') {
  const { key, body } = writeRecord({
    ...readRecord(handler, 's', undefined),
    outbox: [...outbox],
    seen,
  });
  return readRecord(handler, 's', { key, version: '1', body });
}

describe('a stored record', () => {
  it('gives back every output with the bytes it was first written with', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string({ unit: 'binary' }))),
        (data, others) => {
          const event = { specversion: '1.0', id: '1', source: 's', type: 't', data, ...others };
          const entry = entryOf(event as CloudEvent);
          expect(stored([entry, entry]).outbox.map(({ body }) => body)).toEqual([
            entry.body,
            entry.body,
          ]);
        },
      ),
    );
  });

  it('keeps what is known of an output besides its event', () => {
    const event: CloudEvent = { specversion: '1.0', id: '1', source: 's', type: 't' };
    const letter: OutboxEntry = { ...entryOf(event), dead: true, done: '', tries: 0 };
    expect(stored([entryOf(event), letter]).outbox).toEqual([entryOf(event), letter]);
  });

  it('keeps its inbox beside an outbox and without one', () => {
    const event: CloudEvent = { specversion: '1.0', id: '1', source: 's', type: 't' };
    expect(stored([], 'seen-before00').seen).toBe('seen-before00');
    expect(stored([entryOf(event)], 'seen-before00')).toMatchObject({ seen: 'seen-before00' });
  });
});

const keep = (more: object = {}) => ({ ...readRecord(handler, 's', undefined), ...more });

/** What a record of this handler holds after it was stored as this text. */
const from = (body: string, by: Handler = handler) =>
  readRecord(by, 's', { key: 'h/s', version: '1', body });

describe('a record', () => {
  it('gives back everything that was kept', () => {
    const kept = {
      state: { n: 1, deep: [{ a: null }] },
      counter: 7,
      at: 1_000,
      timers: [{ key: 'k', at: 5, event: entryOf(told).event, tries: 1, notBefore: 9 }],
      answers: [
        { to: 'abc', reply: 1 },
        { to: 'def', reject: { code: 'no', data: [1] } },
      ],
      decisions: [{ at: 1, id: '1', type: 't', because: ['cold'], emitted: ['t s'] }],
    };
    expect(from(writeRecord(keep(kept)).body)).toMatchObject(kept);
  });

  it('keeps the newest sequences only where they are asked for', () => {
    const latest = { 'urn:t1': '5' };
    const only = defineHandler({ name: 'h', state: z.object({}), initial: {}, latestOnly: true });
    expect(from(writeRecord({ ...keep({ latest }), handler: only }).body, only).latest).toEqual(
      latest,
    );
    expect(from(writeRecord(keep({ latest })).body).latest).toEqual({});
  });

  it('begins with the initial state, and expects that nobody made it meanwhile', () => {
    expect(readRecord(handler, 's', undefined).state).toEqual({});
    expect(writeRecord(keep())).toEqual({
      key: 'h/s',
      expected: null,
      body: '{"f":1,"v":1,"s":{},"at":0}',
      due: null,
      tags: {},
    });
  });

  it('lies under the first name of its handler', () => {
    const renamed = defineHandler({ name: 'new', formerly: 'h', state: z.object({}), initial: {} });
    expect(keyOf(renamed, 'a/b')).toBe('h/a/b');
  });

  it('is due when its next timer or output is', () => {
    const timer = { key: 'k', at: 50, event: told, tries: 0, notBefore: 0 };
    const output = { ...entryOf(told), nextAt: 70 };
    expect(writeRecord(keep({ timers: [timer] })).due).toBe(50);
    expect(writeRecord(keep({ timers: [{ ...timer, notBefore: 80 }] })).due).toBe(80);
    expect(writeRecord(keep({ timers: [{ ...timer, at: 90 }], outbox: [output] })).due).toBe(70);
  });

  it('has no tags once it is erased', () => {
    const tagged = defineHandler({
      name: 'h',
      state: z.object({ room: z.string() }),
      initial: { room: 'hall' },
      tags: ({ room }, subject) => ({ room, subject }),
    });
    const record = readRecord(tagged, 's', undefined);
    expect(writeRecord(record).tags).toEqual({ room: 'hall', subject: 's' });
    expect(writeRecord({ ...record, erased: true }).tags).toEqual({});
  });

  it.each([null, undefined, 5])('refuses a tag that is %s', (room) => {
    const tagged = defineHandler({
      name: 'tagged',
      state: z.null(),
      initial: null,
      tags: () => ({ room }) as never,
    });
    expect(() => writeRecord(readRecord(tagged, 's', undefined))).toThrow(
      expect.objectContaining({ code: 'invalid-state', field: 'room' }),
    );
  });

  it.each([
    ['a cycle', cycle()],
    ['a bigint', { n: 1n }],
  ])('says so when JSON cannot hold its state: %s', (_, state) => {
    expect(() => writeRecord(keep({ state }))).toThrow(
      expect.objectContaining({
        code: 'invalid-state',
        message: '"h" has a state, reply or rejection that JSON cannot hold.',
      }),
    );
  });

  function cycle(): object {
    const state: Record<string, unknown> = {};
    state['self'] = state;
    return state;
  }

  it.each(['', '{', 'null', '[]', '5', '"x"', '{}', '{"f":1}', '{"f":"1","v":"1"}'])(
    'cannot be read from %j',
    (body) => {
      expect(() => from(body)).toThrow(
        expect.objectContaining({
          code: 'invalid-state',
          retryable: true,
          message: 'What the store holds as "h/s" is no record.',
        }),
      );
    },
  );
});

describe('the state of an older version', () => {
  const text = z.object({ text: z.string() });
  const migrate = {
    1: ({ n }: { n: number }) => ({ n: n + 1 }),
    2: ({ n }: { n: number }) => ({ text: String(n) }),
  };
  const versioned = (more: object = {}) =>
    defineHandler({ name: 'h', state: text, initial: { text: '' }, version: 3, migrate, ...more });

  it('is upgraded step by step', () => {
    expect(from('{"f":1,"v":1,"s":{"n":1}}', versioned()).state).toEqual({ text: '2' });
    expect(from('{"f":1,"v":2,"s":{"n":1}}', versioned()).state).toEqual({ text: '1' });
    expect(from('{"f":1,"v":3,"s":{"text":"1"}}', versioned()).state).toEqual({ text: '1' });
  });

  it('is written as what it has become', () => {
    const { body } = writeRecord(from('{"f":1,"v":1,"s":{"n":1}}', versioned()));
    expect(body).toBe('{"f":1,"v":3,"s":{"text":"2"},"at":0}');
  });

  it('is refused without a migration, and waits for code that has one', () => {
    const gap = versioned({ migrate: { 1: migrate[1] } });
    expect(() => from('{"f":1,"v":2,"s":{"n":1}}', gap)).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        retryable: true,
        message: '"h" cannot migrate state of version 2; add migrate: { 2: … }.',
      }),
    );
  });

  it('is refused when what came out does not fit', () => {
    expect(() => from('{"f":1,"v":2,"s":{}}', versioned({ migrate: { 2: () => ({}) } }))).toThrow(
      expect.objectContaining({ code: 'invalid-state', retryable: true, field: 'text' }),
    );
  });

  it('is that of the reported state, for a device', () => {
    const state = z.object({ celsius: z.number() });
    const up = (old: { fahrenheit: number }) => ({ celsius: (old.fahrenheit - 32) / 1.8 });
    const device = (migration: (old: never) => unknown) =>
      defineDevice({
        type: 'h',
        state,
        initial: { celsius: 0 },
        version: 2,
        migrate: { 1: migration },
      });
    const body = '{"f":1,"v":1,"s":{"reported":{"fahrenheit":50},"desired":{},"home":"h1"}}';
    expect(from(body, device(up).record).state).toEqual({
      reported: { celsius: 10 },
      desired: {},
      home: 'h1',
    });
    expect(() => from(body, device(() => ({ celsius: 'x' })).record)).toThrow(
      expect.objectContaining({ code: 'invalid-state', field: 'celsius' }),
    );
  });

  it.each([
    ['state', '{"f":1,"v":4,"s":{}}', '4'],
    ['format', '{"f":2,"v":3,"s":{}}', '3'],
  ])('is never made of a newer %s', (_, body, version) => {
    expect(() => from(body, versioned())).toThrow(
      expect.objectContaining({
        code: 'record-newer',
        retryable: true,
        message: expect.stringContaining(`.${version}; this code knows 1.3.`) as string,
      }),
    );
  });
});

describe('the record of an idle thermostat', () => {
  const thermostat = defineDevice({
    type: 'com.acme.thermostat',
    state: z.object({
      localTemperature: z.number().nullable(),
      occupiedHeatingSetpoint: z.number(),
    }),
    initial: { localTemperature: null, occupiedHeatingSetpoint: 20 },
    writable: z.object({ occupiedHeatingSetpoint: z.number() }),
    reports: {
      temperature: {
        data: z.object({ celsius: z.number() }),
        apply: ({ celsius }, set) => set({ localTemperature: celsius }),
      },
    },
  });

  it('fits one kilobyte although its inbox is full', () => {
    const run = simulation(defineApp({ source: 'urn:acme:home', parts: [thermostat] }), {
      start: Date.parse('2026-01-01T00:00:00Z'),
    });
    const subject = 'com.acme.thermostat.0123456789abcdef';
    run.happen({ event: lives(subject, 'home-0123456789abcdef') });
    for (let celsius = 10; celsius < 30; celsius += 0.25)
      run.happen({ event: thermostat.events.temperature(subject, { celsius }) });
    expect(run.read(thermostat.ref(subject)).remembered).toBe(64);
    const body = run.store.entries().get(`com.acme.thermostat/${subject}`)?.body ?? '';
    expect(byteLength(body)).toBeLessThanOrEqual(1_024);
  });
});
