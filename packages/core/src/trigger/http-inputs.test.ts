import { isHearthError } from '../event/error.ts';
import { describe, expect, it } from 'vitest';
import { httpInputs } from './http-inputs.ts';

const principal = { kind: 'service', id: 'broker' } as const;
const event = { specversion: '1.0', id: '1', source: '/s', type: 't', data: { a: [1] } };
const structured = { 'content-type': 'application/cloudevents+json' };
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

describe('an HTTP request', () => {
  it('reads a structured event from text or bytes', () => {
    for (const body of [JSON.stringify(event), Buffer.from(JSON.stringify(event))]) {
      expect(httpInputs({ headers: structured, body }, { principal })).toEqual({
        mode: 'structured',
        inputs: [{ event, principal }],
      });
    }
  });

  it.each([
    ['a record', (pairs: [string, string][]) => Object.fromEntries(pairs)],
    ['pairs', (pairs: [string, string][]) => pairs],
    ['a Map', (pairs: [string, string][]) => new Map(pairs)],
    ['Headers of fetch', (pairs: [string, string][]) => new Headers(pairs)],
  ])('reads a binary event from headers in %s', (_, headersOf) => {
    const headers = headersOf([
      ['CE-SpecVersion', '1.0'],
      ['ce-id', '1'],
      ['ce-source', '/s'],
      ['ce-type', 't'],
      ['Content-Type', 'application/json'],
    ]);
    const { mode, inputs } = httpInputs({ headers, body: '{"a":[1]}' }, { principal });
    expect([mode, inputs[0]?.event]).toEqual([
      'binary',
      { ...event, datacontenttype: 'application/json' },
    ]);
  });

  it.each(['traceparent', 'TraceParent'])('hands on the trace of this hop from "%s"', (name) => {
    const headers = { ...structured, [name]: traceparent };
    const body = JSON.stringify({ ...event, traceparent: 'the start' });
    const [input] = httpInputs({ headers, body }, { principal }).inputs;
    expect(input).toMatchObject({ traceparent, event: { traceparent: 'the start' } });
  });

  it.each(['x', `${traceparent}-more`, '\r\n'])('hands on no trace that is none: %j', (header) => {
    const headers = { ...structured, traceparent: header };
    const [input] = httpInputs({ headers, body: JSON.stringify(event) }, { principal }).inputs;
    expect(input).not.toHaveProperty('traceparent');
  });

  it('keeps the text of an element that is no event, and tells two of them apart', () => {
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    const body = JSON.stringify([event, { ü: 1 }, 5]);
    const { inputs } = httpInputs({ headers, body: Buffer.from(body) }, { principal, batch: true });
    expect(inputs.map(({ event: one, raw }) => [isHearthError(one), raw])).toEqual([
      [false, undefined],
      [true, '{"ü":1}'],
      [true, '5'],
    ]);
  });

  it('takes a message without a body', () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
    const { inputs } = httpInputs({ headers }, { principal });
    expect(inputs).toEqual([
      { event: { specversion: '1.0', id: '1', source: '/s', type: 't' }, principal },
    ]);
  });
});
