import { once } from 'node:events';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { faultyPublisher, faultyStore } from '@hearth/testing';
import { describe, expect, it } from 'vitest';
import { asked, broken, eventOf, jammed, rung } from '../test/door.ts';
import { latch } from '../test/latch.ts';
import { listening } from '../test/listening.ts';

const down = faultyStore(memoryStore(), () => 'down');
const contested = faultyStore(memoryStore(), ({ operation }) =>
  operation === 'save' ? 'conflict' : undefined,
);
const noLetters = faultyPublisher(memoryPublisher(), () => 'failed');

/** The status and the body of an answer. */
async function seen(answer: Response): Promise<readonly [number, string]> {
  return [answer.status, await answer.text()];
}

describe('an event is answered with', () => {
  it('202 and no body when it is done', async () => {
    const { send, rings } = await listening();
    expect(await seen(await send(eventOf(rung.type)))).toEqual([202, '']);
    expect(await rings()).toBe(1);
  });

  it('202 when it comes again, and has no second effect', async () => {
    const { send, rings, publisher } = await listening();
    await send(eventOf(rung.type));
    expect(await seen(await send(eventOf(rung.type)))).toEqual([202, '']);
    expect([await rings(), publisher.published.length]).toEqual([1, 1]);
  });

  it('202 when nobody knows its type', async () => {
    const { send } = await listening();
    expect(await seen(await send(eventOf('com.acme.unheard')))).toEqual([202, '']);
  });

  it('202 when a step rejects it and the dead letter is accepted', async () => {
    const { send, deadLetters } = await listening();
    expect(await seen(await send(eventOf(jammed.type)))).toEqual([202, '']);
    expect(deadLetters.published[0]?.event.data).toMatchObject({ code: 'jammed' });
  });

  it('503 when a step rejects it and the dead letter is not accepted', async () => {
    const { send } = await listening({ deadLetters: noLetters });
    expect(await seen(await send(eventOf(jammed.type)))).toEqual([503, '']);
  });

  it('202 when its step throws again and again and the dead letter is accepted', async () => {
    const { send, deadLetters } = await listening();
    expect(await seen(await send(eventOf(broken.type)))).toEqual([202, '']);
    expect(deadLetters.published[0]?.event.data).toMatchObject({ code: 'step-failed' });
  });

  it('503 and a time to wait when the store is down', async () => {
    const { send } = await listening({ store: down });
    const answer = await send(eventOf(rung.type));
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await seen(answer)).toEqual([503, '']);
  });

  it('409 when others keep changing its record', async () => {
    const { send } = await listening({ store: contested });
    expect(await seen(await send(eventOf(rung.type)))).toEqual([409, '']);
  });

  it('503 when its time is over before it begins', async () => {
    const { send } = await listening({ deadlineMs: 1 });
    expect(await seen(await send(eventOf(rung.type)))).toEqual([503, '']);
  });

  it('503 when its time is over before it ends', async () => {
    const hanging = { publish: () => new Promise<never>(() => undefined) };
    const { send, clock } = await listening({ publisher: hanging });
    const answer = send(eventOf(rung.type));
    await until(() => clock.waiting > 0);
    await clock.advance(26_000);
    expect(await seen(await answer)).toEqual([503, '']);
  });

  it('429 and a time to wait when too many are in progress', async () => {
    const store = memoryStore();
    const gate = latch();
    const load = async (keys: readonly string[]) => {
      await gate.opened;
      return store.load(keys);
    };
    const { send, server } = await listening({ maxRequests: 1, store: { ...store, load } });
    const first = send(eventOf(rung.type));
    await once(server, 'request');
    const second = await send(eventOf(rung.type, { id: '2' }));
    gate.open();
    expect(second.headers.get('retry-after')).toBe('1');
    expect(await seen(second)).toEqual([429, '']);
    expect(await seen(await first)).toEqual([202, '']);
  });
});

describe('where the broker files dead letters, an event is answered with', () => {
  it.each([
    ['422 when a step rejects it', eventOf(jammed.type), 422],
    ['400 when its data does not fit', eventOf(rung.type, { data: 7 }), 400],
    ['503 when its step throws', eventOf(broken.type), 503],
    ['202 when it is done', eventOf(rung.type), 202],
  ])('%s', async (_, event, status) => {
    const { send, deadLetters } = await listening({ rejected: 'refuse' });
    expect(await seen(await send(event))).toEqual([status, '']);
    expect(deadLetters.published).toEqual([]);
  });

  it('403 when its sender may not speak for its subject', async () => {
    const authenticate = { kind: 'device', id: 'd2' } as const;
    const { send } = await listening({ rejected: 'refuse', authenticate });
    expect(await seen(await send(eventOf(rung.type)))).toEqual([403, '']);
  });
});

describe('a reply', () => {
  const prefer = { prefer: 'respond-async, reply' };

  it('is a CloudEvent in the mode of the question', async () => {
    const { send } = await listening();
    const answer = await send(eventOf(asked.type, { traceparent: 't' }), prefer);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/cloudevents+json; charset=utf-8',
    ]);
    expect(await answer.json()).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^[a-z2-7]{52}$/) as string,
      source: 'urn:acme:house',
      type: 'com.acme.door.asked.reply',
      subject: 'd1',
      datacontenttype: 'application/json',
      correlationid: '1',
      causationid: '1',
      traceparent: 't',
      hearthdepth: 1,
      data: { rings: 0 },
    });
  });

  it('carries its attributes in headers that nobody can break out of', async () => {
    const { url } = await listening({ replyType: () => 'com.acme.answered' });
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        ...prefer,
        'content-type': 'application/json',
        'ce-specversion': '1.0',
        'ce-id': '1',
        'ce-source': '/s',
        'ce-type': asked.type,
        'ce-subject': 'T%C3%BCr%20%22%25%22',
      },
      body: '{}',
    });
    expect(answer.headers.get('ce-type')).toBe('com.acme.answered');
    expect(answer.headers.get('ce-subject')).toBe('T%C3%BCr%20%22%25%22');
    expect(await answer.json()).toEqual({ rings: 0 });
  });

  it('is equal for an event that comes again', async () => {
    const { send } = await listening();
    const first = await (await send(eventOf(asked.type), prefer)).text();
    expect(await (await send(eventOf(asked.type), prefer)).text()).toBe(first);
  });

  it('is left out for a sender that does not prefer one', async () => {
    const { send } = await listening();
    expect(await seen(await send(eventOf(asked.type)))).toEqual([202, '']);
    expect(await seen(await send(eventOf(asked.type), { prefer: 'no-reply' }))).toEqual([202, '']);
  });

  it('is left out, and logged, when its type is none', async () => {
    const { send, lines } = await listening({ replyType: () => '' });
    expect(await seen(await send(eventOf(asked.type), prefer))).toEqual([202, '']);
    expect(lines.map(({ level }) => level)).toContain('error');
  });
});

describe('a batch', () => {
  const batch = { 'content-type': 'application/cloudevents-batch+json' };
  const good = (id: string) => eventOf(rung.type, { id });

  it('is refused with 415 unless asked for', async () => {
    const { send, rings } = await listening();
    expect(await seen(await send([good('1')], batch))).toEqual([415, '']);
    expect(await rings()).toBe(0);
  });

  it('is answered with 202 when all of it is done', async () => {
    const { send, rings } = await listening({ batch: true });
    expect(await seen(await send([good('1'), good('2')], batch))).toEqual([202, '']);
    expect(await rings()).toBe(2);
  });

  it('is answered with 202 when it is empty', async () => {
    const { send } = await listening({ batch: true });
    expect(await seen(await send([], batch))).toEqual([202, '']);
  });

  it.each([0, 1, 2])('files an element that is no event, here number %i', async (at) => {
    const { send, rings, deadLetters } = await listening({ batch: true });
    const events: unknown[] = [good('1'), good('2')];
    events.splice(at, 0, { specversion: '1.0', id: 5 });
    expect(await seen(await send(events, batch))).toEqual([202, '']);
    expect(await rings()).toBe(2);
    expect(deadLetters.published.map(({ event }) => event.data)).toMatchObject([
      { code: 'invalid-event', raw: '{"specversion":"1.0","id":5}' },
    ]);
  });

  it('comes again as a whole when one of it must, and has no second effect', async () => {
    const store = memoryStore();
    let isFaulty = true;
    const { send } = await listening({
      batch: true,
      store: faultyStore(store, ({ key }) => (isFaulty && key === 'door/d2' ? 'full' : undefined)),
    });
    const events = [good('1'), eventOf(rung.type, { id: '2', subject: 'd2' }), good('3')];
    expect((await send(events, batch)).status).toBe(503);
    isFaulty = false;
    expect((await send(events, batch)).status).toBe(202);
    const { rings } = await listening({ store });
    expect([await rings('d1'), await rings('d2')]).toEqual([2, 1]);
  });

  it('is refused with 413 when it has too many events', async () => {
    const { send } = await listening({ batch: true, limits: { maxBatch: 2 } });
    expect((await send([good('1'), good('2')], batch)).status).toBe(202);
    expect((await send([good('3'), good('4'), good('5')], batch)).status).toBe(413);
  });
});

/** Resolves when something has become true in the turns of the event loop to come. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
