import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CloudEvent } from '../event/cloud-event.ts';
import { defineEvent } from '../model/event.ts';
import { accept } from './accept.ts';
import { defineApp } from './define-app.ts';

const celsius = z.object({ celsius: z.number() });
const fahrenheit = z.object({ fahrenheit: z.number() });
const temperature = defineEvent('temperature', celsius, {
  older: [
    { type: 'temp', data: fahrenheit, upcast: (old) => ({ celsius: (old.fahrenheit - 32) / 1.8 }) },
    {
      dataschema: 'urn:kelvin',
      data: z.object({ kelvin: z.number() }),
      upcast: ({ kelvin }) => ({ celsius: kelvin - 273 }),
    },
    {
      type: 'temp',
      dataschema: 'urn:text',
      data: z.object({ text: z.string() }),
      upcast: ({ text }) => {
        if (text === '') throw new Error('no text');
        return { celsius: Number(text) };
      },
    },
  ],
});
const app = defineApp({ source: 'urn:acme', parts: [temperature] });

const event = (more: object): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  source: 'urn:t1',
  type: 'temperature',
  subject: 't1',
  data: { celsius: 14 },
  ...more,
});

describe('accept', () => {
  it('gives an event as it is, if it is as it should be', () => {
    const given = event({ dataschema: 'urn:unknown', color: 'blue' });
    const accepted = accept(app, given);
    expect(accepted).toEqual(given);
  });

  it('leaves out data that the schema does not know', () => {
    expect(accept(app, event({ data: { celsius: 14, extra: 1 } })).data).toEqual({ celsius: 14 });
  });

  it.each([
    ['its type', { type: 'temp', data: { fahrenheit: 50 } }, 10],
    ['its dataschema', { dataschema: 'urn:kelvin', data: { kelvin: 283 } }, 10],
    ['both', { type: 'temp', dataschema: 'urn:text', data: { text: '10' } }, 10],
  ])('brings an older version up to date, known by %s', (_, more, expected) => {
    const given = event(more);
    expect(accept(app, given)).toEqual({
      ...given,
      type: 'temperature',
      data: { celsius: expected },
    });
  });

  it('takes an older type with an unknown dataschema for what the type says', () => {
    const given = event({ type: 'temp', dataschema: 'urn:9', data: { fahrenheit: 50 } });
    expect(accept(app, given).data).toEqual({ celsius: 10 });
  });

  it.each([
    ['a type that nobody knows', { type: 'humidity' }, 'unknown-type', 'type'],
    ['no subject', { subject: undefined }, 'invalid-event', 'subject'],
    ['an empty subject', { subject: '' }, 'invalid-event', 'subject'],
    ['data that does not fit', { data: { celsius: 'x' } }, 'invalid-data', 'data.celsius'],
    ['no data', { data: undefined }, 'invalid-data', 'data'],
    ['binary data', { data: undefined, data_base64: 'AA==' }, 'invalid-data', 'data'],
    ['older data that does not fit', { type: 'temp', data: {} }, 'invalid-data', 'data.fahrenheit'],
    [
      'an upcast that throws',
      { type: 'temp', dataschema: 'urn:text', data: { text: '' } },
      'invalid-data',
      'data',
    ],
    [
      'an upcast whose result does not fit',
      { type: 'temp', dataschema: 'urn:text', data: { text: 'x' } },
      'invalid-data',
      'data.celsius',
    ],
  ])('refuses %s', (_, more, code, field) => {
    expect(() => accept(app, event(more))).toThrow(expect.objectContaining({ code, field }));
  });

  it('never repeats a value in its message', () => {
    const secret = event({ data: { celsius: 'secret' } });
    expect(() => accept(app, secret)).toThrow(/^(?!.*secret)/);
  });
});
