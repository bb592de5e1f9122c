import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '@hearth/store-sqlite';
import { systemClock } from '@hearth/node';
import { expect, it, onTestFinished } from 'vitest';
import { eventOf, rung } from '../test/door.ts';
import { listening } from '../test/listening.ts';

it('gives one effect to each event that two replicas on one store get twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-replicas-'));
  const open = () => sqliteStore({ file: join(folder, 'house.db') });
  const stores = [open(), open()];
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true });
  });
  const clock = systemClock();
  const replicas = await Promise.all(stores.map((store) => listening({ store, clock })));
  const events = Array.from({ length: 40 }, (_, i) =>
    eventOf(rung.type, { id: `${i}`, subject: `d${i % 4}` }),
  );
  // A conflict is answered with 409, and a broker sends again what it is not told to forget.
  const deliver = async (event: object, at: number): Promise<void> => {
    const answer = await replicas[at % 2]?.send(event);
    if (answer?.status !== 202) await deliver(event, at);
  };
  await Promise.all(
    [...events, ...events].map((event, at) => deliver(event, at + (at < 40 ? 0 : 1))),
  );
  for (let i = 0; i < 4; i += 1) expect(await replicas[0]?.rings(`d${i}`)).toBe(10);
  const ids = replicas.flatMap(({ publisher }) => publisher.published.map(({ event }) => event.id));
  expect(new Set(ids).size).toBe(40);
});
