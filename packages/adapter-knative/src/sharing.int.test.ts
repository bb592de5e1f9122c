import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as immediate } from 'node:timers/promises';
import { read } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { expect, it } from 'vitest';
import { asked, door, eventOf, rung } from '../test/door.ts';
import { listening } from '../test/listening.ts';

it('handles what comes about one thing without fighting for its record', async () => {
  const inner = memoryStore();
  const slowly =
    <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      await immediate();
      return work(...args);
    };
  const store = { ...inner, load: slowly(inner.load), save: slowly(inner.save) };
  const counts: string[] = [];
  const { send } = await listening({ store, sweep: true, count: (name) => counts.push(name) });
  const events = Array.from({ length: 50 }, (_, i) => eventOf(rung.type, { id: `${i}` }));
  const answers = await Promise.all(events.map((event) => send(event)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect((await read({ store }, door.ref('d1'))).state).toEqual({ rings: 50 });
  expect(counts).not.toContain('conflict');
});

it('lets requests of one turn share a save, and each have its own answer', async () => {
  const store = memoryStore();
  let saves = 0;
  const save: typeof store.save = (writes) => {
    saves += 1;
    return store.save(writes);
  };
  const { port } = await listening({ store: { ...store, save }, sweep: true });
  const socket = connect(port, '127.0.0.1');
  const requests = Array.from({ length: 10 }, (_, i) => {
    const type = i === 5 ? asked.type : rung.type;
    const body = JSON.stringify(eventOf(type, { id: `${i}` }));
    const last = i === 9 ? 'Connection: close\r\n' : '';
    return `POST / HTTP/1.1\r\nHost: h\r\n${last}Prefer: reply\r\nContent-Type: application/cloudevents+json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  socket.write(requests.join(''));
  const answers = [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(
    ([, status]) => status,
  );
  expect(answers).toEqual(Array.from({ length: 10 }, (_, i) => (i === 5 ? '200' : '202')));
  expect((await read({ store }, door.ref('d1'))).state).toEqual({ rings: 9 });
  // One with the rings, one without the chimes that were published.
  expect(saves).toBeLessThanOrEqual(4);
});
