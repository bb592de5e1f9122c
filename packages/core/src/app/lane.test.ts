import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CloudEvent } from '../event/cloud-event.ts';
import { defineEvent } from '../model/event.ts';
import { defineHandler } from '../model/handler.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Principal, SpeaksFor } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import { defineApp } from './define-app.ts';
import { handle } from './handle.ts';
import { read } from './read.ts';

const said = defineEvent('said', z.object({ n: z.number() }));
const broken = defineEvent('broken', z.object({ n: z.number() }).refine(thrower));
const diary = defineHandler<readonly object[]>({
  name: 'diary',
  state: z.array(z.record(z.string(), z.unknown())),
  initial: [],
})
  .on(said, ({ state, event, principal }) => ({ state: [...state, { ...event, principal }] }))
  .on(broken, () => ({}));
const app = defineApp({ source: 'urn:acme', parts: [diary] });

function thrower(): never {
  throw new Error('boo');
}

function start(speaksFor?: SpeaksFor) {
  const [publisher, deadLetters] = [memoryPublisher(), memoryPublisher()];
  const clock = {
    now: () => 5_000,
    sleep: async () => {},
    within: () => Promise.reject(new Error()),
  };
  const runtime: Runtime = {
    store: memoryStore(),
    publisher,
    deadLetters,
    clock,
    ...(speaksFor && { speaksFor }),
  };
  const say = async (principal: Principal, more: object = {}) => {
    const event: CloudEvent = {
      specversion: '1.0',
      id: '1',
      source: 'urn:t1',
      type: 'said',
      subject: 't1',
      data: { n: 1 },
      ...more,
    };
    return (await handle(app, [{ event, principal, attempt: 1 }], runtime))[0];
  };
  const look = () => read(runtime, diary.ref('t1'));
  const heard = async () => (await look()).state;
  return { say, look, heard, publisher, deadLetters };
}

const principal = (kind: Principal['kind'], id = 't1'): Principal => ({ kind, id });

describe('who may speak for whom', () => {
  it.each([
    ['a device', 'itself', principal('device'), true],
    ['a device', 'another', principal('device', 't2'), false],
    ['a service', 'everything', principal('service', 's'), true],
    ['the app', 'everything', principal('app', 'urn:acme'), true],
    ['a hub', 'what is not granted', principal('hub'), false],
    ['a user', 'what is not granted', principal('user'), false],
    ['an anonymous', 'itself', principal('anonymous'), false],
  ])('%s for %s', async (_, __, by, isAllowed) => {
    expect((await start().say(by))?.code).toBe(isAllowed ? undefined : 'not-permitted');
  });

  it('is for the runtime to say', async () => {
    const { say } = start(({ kind, id }, subject) => kind === 'hub' && subject.startsWith(id));
    expect((await say(principal('hub', 't')))?.verdict).toBe('done');
    expect((await say(principal('device')))?.code).toBe('not-permitted');
    expect((await say(principal('service', 's')))?.code).toBe('not-permitted');
    expect((await say(principal('app', 'urn:acme')))?.verdict).toBe('done');
  });

  it('is asked before anybody looks at the data', async () => {
    const { say, publisher } = start();
    expect((await say(principal('device', 't2'), { data: 'no' }))?.code).toBe('not-permitted');
    expect(publisher.published).toHaveLength(1);
  });

  it.each([Promise.resolve(false), undefined, 'yes'])('is not decided by %s', async (answer) => {
    const { say, heard } = start(() => answer as never);
    expect((await say(principal('device')))?.code).toBe('step-failed');
    expect(await heard()).toEqual([]);
  });

  it('is told as a security event, without the data, besides the dead letter', async () => {
    const { say, heard, publisher, deadLetters } = start();
    await say(principal('device', 't2'), { data: { n: 42 } });
    expect(await heard()).toEqual([]);
    expect(publisher.published.map(({ event }) => event)).toMatchObject([
      {
        type: 'hearth.security.denied',
        data: { principal: 'device:t2', type: 'said', subject: 't1' },
      },
    ]);
    expect(publisher.published[0]?.body).not.toContain('42');
    expect(deadLetters.published).toHaveLength(1);
  });
});

describe('the attributes that only the app and services may set', () => {
  const set = {
    partitionkey: 'h1',
    recordseq: 'x.999999999999',
    hearthdepth: 9,
    authtype: 'app_user',
    authid: 'root',
    authclaims: 'all',
  };
  const names = Object.keys(set);
  const kept = async (by: Principal) => {
    const { say, heard } = start(() => true);
    await say(by, { ...set, correlationid: 'c', color: 'blue' });
    const [event = {}] = await heard();
    return { kept: names.filter((name) => name in event), event };
  };

  it.each(['device', 'hub', 'user', 'anonymous'] as const)('are taken from a %s', async (kind) => {
    const { kept: some, event } = await kept(principal(kind));
    expect(some).toEqual([]);
    expect(event).toMatchObject({ correlationid: 'c', color: 'blue' });
  });

  it.each(['app', 'service'] as const)('are left to the %s', async (kind) => {
    expect((await kept(principal(kind))).kept).toEqual(names);
  });

  it('make no other event of one that was heard with them', async () => {
    const { say } = start();
    await say(principal('device'));
    expect(await say(principal('device'), set)).toEqual({ verdict: 'done', duplicate: true });
  });
});

describe('the instant of an input', () => {
  const time = '1970-01-01T00:00:03.000Z';
  const at = async (by: Principal, source: string) => {
    const { say, look } = start();
    await say(by, { source, time });
    return (await look()).at;
  };

  it('is the time that the app gave to what it said itself', async () => {
    expect(await at(principal('app', 'urn:acme'), 'urn:acme')).toBe(3_000);
  });

  it('is that of the clock for everything else, whatever it says', async () => {
    expect(await at(principal('device'), 'urn:t1')).toBe(5_000);
    expect(await at(principal('service', 's'), 'urn:acme')).toBe(5_000);
    expect(await at(principal('app', 'urn:acme'), 'urn:other')).toBe(5_000);
  });
});

describe("the app's own source", () => {
  it.each(['device', 'hub', 'user', 'anonymous'] as const)('is refused to a %s', async (kind) => {
    const { say, deadLetters } = start(() => true);
    expect(await say(principal(kind), { source: 'urn:acme' })).toMatchObject({
      verdict: 'rejected',
      code: 'not-permitted',
      data: { field: 'source' },
    });
    expect(deadLetters.published).toHaveLength(1);
  });

  it.each(['app', 'service'] as const)('is left to the %s', async (kind) => {
    const { say } = start();
    expect(await say(principal(kind), { source: 'urn:acme' })).toEqual({ verdict: 'done' });
  });
});

describe('an input that cannot be checked', () => {
  it('is done, and nothing more, when nobody knows its type', async () => {
    const { say, deadLetters } = start();
    expect(await say(principal('device'), { type: 'unheard' })).toEqual({ verdict: 'done' });
    expect(deadLetters.published).toEqual([]);
  });

  it('must come again when a check of its schema throws: the app has to be repaired', async () => {
    const { say } = start();
    expect(await say(principal('device'), { type: 'broken' })).toMatchObject({
      verdict: 'retry',
      code: 'step-failed',
    });
  });

  it('must come again when `speaksFor` throws', async () => {
    expect(await start(thrower).say(principal('device'))).toMatchObject({
      verdict: 'retry',
      code: 'step-failed',
    });
  });
});
