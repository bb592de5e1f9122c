import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CloudEvent } from '../event/cloud-event.ts';
import { defineHandler } from '../model/handler.ts';
import { readRecord, writeRecord, type OutboxEntry } from './record.ts';

const handler = defineHandler({ name: 'h', state: z.object({}), initial: {} });

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
