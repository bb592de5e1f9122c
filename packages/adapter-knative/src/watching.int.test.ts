import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import { app, asked, eventOf, jammed, rung } from '../test/door.ts';
import { listening } from '../test/listening.ts';
import { knative } from './knative.ts';

describe('what a dead-letter sink gets from a broker', () => {
  const failed = {
    knativeerrordest: 'http://door/\u2028forged',
    knativeerrorcode: 503,
    knativeerrordata: 'x'.repeat(1000),
  };

  it('keeps why it failed, for the step', async () => {
    const { send, deadLetters } = await listening();
    await send(eventOf(jammed.type, failed));
    expect(deadLetters.published[0]?.event.data).toMatchObject({ event: failed });
  });

  it('is logged with why it failed, in one line and not too long', async () => {
    const { send, lines } = await listening();
    await send(eventOf(rung.type, failed));
    expect(lines).toEqual([
      {
        level: 'info',
        fields: {
          eventType: rung.type,
          knativeerrordest: 'http://door/\\u2028forged',
          knativeerrorcode: '503',
          knativeerrordata: `${'x'.repeat(200)}…`,
        },
        message: 'A dead letter came in.',
      },
    ]);
  });
});

it('continues the trace of its sender', async () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const parents: unknown[] = [];
  const span = { traceparent: () => undefined, set() {}, fail() {}, end() {} };
  const { send } = await listening({
    tracing: {
      start(name, { parent }) {
        parents.push([name, parent]);
        return span;
      },
    },
  });
  await send(eventOf(asked.type), { traceparent });
  expect(parents).toEqual([[`${asked.type} process`, traceparent]]);
});

it('counts what it refuses, by status', async () => {
  const counts: unknown[] = [];
  const { send } = await listening({
    count: (name, by, attributes) => name === 'refused' && counts.push([by, attributes]),
  });
  await send('');
  await send('', { 'content-type': 'text/plain' });
  expect(counts).toEqual([
    [1, { status: '400' }],
    [1, { status: '415' }],
  ]);
});

it('answers although counter and logger throw', async () => {
  const fail = () => {
    throw new Error('full');
  };
  const logger = { debug: fail, info: fail, warn: fail, error: fail, fatal: fail };
  const { send } = await listening({ count: fail, logger, speaksFor: () => true });
  expect((await send(eventOf(rung.type, { knativeerrorcode: 503 }))).status).toBe(202);
  expect((await send('')).status).toBe(400);
});

it('cuts the connection if an answer cannot be written, and answers the next one', async () => {
  const { send, server } = await listening();
  server.prependOnceListener('request', (_, response: { end: unknown }) => {
    response.end = () => {
      throw new Error('a bug');
    };
  });
  await expect(send(eventOf(rung.type))).rejects.toThrow('fetch failed');
  expect((await send(eventOf(rung.type))).status).toBe(202);
});

it.each([{ maxRequests: 0 }, { deadlineMs: Number.NaN }])('refuses the option %j', (options) => {
  const required = { store: memoryStore(), publisher: memoryPublisher() };
  const [field] = Object.keys(options);
  expect(() => knative(app, { ...required, ...options })).toThrow(
    expect.objectContaining({ code: 'invalid-option', field }) as Error,
  );
});
