import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import { erase } from '../app/read.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { defineEvent } from '../model/event.ts';
import { defineHandler } from '../model/handler.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { StateStore } from '../ports/state-store.ts';
import { definePrivacy, privacyOf } from './define-privacy.ts';
import { exportOwner } from './export-owner.ts';
import { ownedBy } from './subjects.ts';

const put = defineEvent('put', z.object({ in: z.string() }));
const box = defineHandler({
  name: 'box',
  state: z.object({ in: z.string() }),
  initial: { in: '' },
  tags: (state) => ({ in: state.in }),
}).on(put, ({ event: { data } }) => ({ state: data }));
const app = defineApp({ source: 'urn:acme', parts: [box] });
const clock = {
  now: () => 0,
  sleep: async () => {},
  within: () => Promise.reject(new Error('no')),
};

async function start(change: (store: StateStore) => Partial<StateStore> = () => ({})) {
  const inner = memoryStore();
  const store = { ...inner, ...change(inner) };
  const runtime: Runtime = { store, publisher: memoryPublisher(), clock, sweep: true };
  const say = async (subject: string, where: string) => {
    const draft = put(subject, { in: where });
    const event: CloudEvent = {
      specversion: '1.0',
      id: `${subject} ${where}`,
      source: 'urn:x',
      ...draft,
    };
    await handle(app, [{ event, principal: { kind: 'service', id: 's' } }], runtime);
  };
  const found = async (owner: string) => {
    const all: string[] = [];
    for await (const one of ownedBy([box, 'in'])(owner, runtime)) all.push(one);
    return all.toSorted((a, b) => (a < b ? -1 : 1));
  };
  return { runtime, say, found };
}

describe('ownedBy', () => {
  it('finds what belongs to what belongs to somebody, also in a circle', async () => {
    const { say, found } = await start();
    for (const [one, where] of [
      ['a', 'ada'],
      ['b', 'a'],
      ['c', 'b'],
      ['ada', 'c'],
      ['x', 'bob'],
    ] as const)
      await say(one, where);
    expect(await found('ada')).toEqual(['a', 'b', 'c']);
    expect(await found('nobody')).toEqual([]);
  });

  it('finds more than a page', async () => {
    const { say, found } = await start();
    for (let i = 0; i < 130; i += 1) await say(`box ${i}`, 'ada');
    expect(await found('ada')).toHaveLength(130);
  });

  it('takes nothing for somebody’s on the word of an index that is behind', async () => {
    const stale = async () => ({ keys: ['box/a', 'box/b', 'box/none'] });
    const { say, found, runtime } = await start(() => ({ query: stale }));
    await say('a', 'bob');
    await say('b', 'ada');
    expect(await found('ada')).toEqual(['b']);
    await erase(runtime, box.ref('b'));
    expect(await found('ada')).toEqual([]);
  });

  it('refuses a link to what has no record', () => {
    expect(() => ownedBy([undefined as never, 'in'])).toThrow(
      expect.objectContaining({ field: 'ownedBy' }),
    );
    expect(() => ownedBy([box, ''])).toThrow(
      expect.objectContaining({ code: 'invalid-definition' }),
    );
  });
});

describe('definePrivacy', () => {
  it('needs somebody who knows whose is what', () => {
    expect(() => definePrivacy({ secret: () => '' } as never)).toThrow(
      expect.objectContaining({ field: 'subjectsOf' }),
    );
  });

  it('is missed in an app that has none', async () => {
    expect(() => privacyOf(app)).toThrow(expect.objectContaining({ code: 'not-found' }));
    const { runtime } = await start();
    const exporting = exportOwner(app, runtime, 'ada', { request: '1', by: 'me' }).next();
    await expect(exporting).rejects.toMatchObject({ code: 'not-found', field: 'parts' });
  });
});
