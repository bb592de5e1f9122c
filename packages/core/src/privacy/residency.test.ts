import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { lives } from '../model/binding.ts';
import { defineDevice } from '../model/device.ts';
import type { Draft } from '../model/event.ts';
import { defineHome } from '../model/home.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Runtime } from '../ports/runtime.ts';
import { residency } from './residency.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ label: z.string() }),
  initial: { label: '' },
});
const home = defineHome({
  type: 'home',
  state: z.object({ region: z.string().nullable() }),
  initial: { region: null },
});
const where = residency({ home, region: (one) => one.region, devices: [lamp] });
const app = defineApp({ source: 'urn:acme', parts: [lamp, home, where] });

function world(change: Partial<Runtime> = {}) {
  const store = memoryStore();
  const letters = memoryPublisher();
  const seen: string[] = [];
  let now = 0;
  const note = (fields: object, message: string) =>
    void seen.push(JSON.stringify([message, fields]));
  const runtime: Runtime = {
    store,
    publisher: memoryPublisher(),
    deadLetters: letters,
    clock: {
      now: () => now,
      sleep: async () => {},
      within: (_, work) => work({ aborted: false } as never),
    },
    logger: { debug: note, info: note, warn: note, error: note, fatal: note },
    tracing: {
      start: (name, start) => {
        seen.push(JSON.stringify([name, start]));
        return { traceparent: () => undefined, set: () => {}, fail: () => {}, end: () => {} };
      },
    },
    sweep: true,
    ...change,
  };
  const say = async (draft: Draft, id: string, region?: string) => {
    const event: CloudEvent = { specversion: '1.0', id, source: 'urn:x', ...draft };
    const principal = { kind: 'service', id: 's' } as const;
    const at = region === undefined ? runtime : { ...runtime, region };
    return (await handle(app, [{ event, principal, attempt: 1 }], at))[0];
  };
  const wait = (ms: number) => {
    now += ms;
  };
  return { store, letters, seen, say, wait };
}

describe('residency', () => {
  it('refuses what a home elsewhere and its devices say, and takes it where they belong', async () => {
    const { say } = world();
    await say(home.set('h1', { region: 'eu' }), '1');
    await say(lives('l1', 'h1'), '2');
    const label = lamp.events.reported('l1', { label: 'a' });
    expect(await say(label, '3', 'us')).toMatchObject({
      verdict: 'rejected',
      code: 'wrong-region',
    });
    expect(await say(home.set('h1', { region: 'us' }), '4', 'us')).toMatchObject({
      code: 'wrong-region',
    });
    expect(await say(label, '3', 'eu')).toMatchObject({ verdict: 'done' });
  });

  it('saves, logs, traces and buries nothing of what it refuses', async () => {
    const { say, store, letters, seen } = world();
    await say(home.set('h1', { region: 'eu' }), '1');
    await say(lives('l1', 'h1'), '2');
    const before = JSON.stringify([...store.entries()]);
    seen.length = 0;
    await say(lamp.events.reported('l1', { label: 'Ada' }), 'id-Ada', 'us');
    expect(JSON.stringify([...store.entries()])).toBe(before);
    const traces = JSON.stringify([seen, letters.published]);
    for (const word of ['Ada', 'l1', 'h1', 'urn:x']) expect(traces).not.toContain(word);
    expect(letters.published).toMatchObject([{ event: { data: { code: 'wrong-region' } } }]);
  });

  it('takes what nobody knows anything of', async () => {
    const { say } = world();
    expect(await say(lamp.events.reported('l9', { label: 'a' }), '1', 'us')).toMatchObject({
      verdict: 'done',
    });
  });

  it('hears within a minute of a home that has moved', async () => {
    const { say, wait } = world();
    await say(home.set('h1', { region: 'eu' }), '1');
    expect(await say(home.set('h1', {}), '2', 'us')).toMatchObject({ code: 'wrong-region' });
    await say(home.set('h1', { region: 'us' }), '3');
    wait(60_000);
    expect(await say(home.set('h1', {}), '4', 'us')).toMatchObject({ verdict: 'done' });
  });

  it('asks a directory first, and refuses for now what it cannot say', async () => {
    const { say } = world({
      regionOf: (subject) => {
        if (subject === 'bad') throw new Error('Ada');
        return subject === 'l1' ? 'eu' : undefined;
      },
    });
    expect(await say(lamp.events.reported('l1', { label: '' }), '1', 'us')).toMatchObject({
      code: 'wrong-region',
    });
    expect(await say(lamp.events.reported('bad', { label: '' }), '2', 'us')).toMatchObject({
      verdict: 'retry',
    });
    expect(await say(lamp.events.reported('l2', { label: '' }), '3', 'us')).toMatchObject({
      verdict: 'done',
    });
  });
});
