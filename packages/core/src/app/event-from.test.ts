import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineEvent, eventFrom } from '../index.ts';

const pressed = defineEvent('pressed', z.object({ times: z.number() }));

it('makes an event of a draft, without what is no attribute', () => {
  const draft = pressed('b1', { times: 2 }, { key: 'k', partition: 'h1' });
  const time = '2026-01-01T00:00:00Z';
  expect(eventFrom(draft, { id: '1', source: '/registry', time })).toEqual({
    specversion: '1.0',
    id: '1',
    source: '/registry',
    type: 'pressed',
    subject: 'b1',
    data: { times: 2 },
    time,
    partitionkey: 'h1',
  });
});

it('leaves out what is not said', () => {
  const { time, partitionkey, ...rest } = eventFrom(pressed('b1', { times: 2 }), {
    id: '1',
    source: 's',
  });
  expect([time, partitionkey, Object.keys(rest).length]).toEqual([undefined, undefined, 6]);
});
