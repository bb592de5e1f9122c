import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineEvent } from '../model/event.ts';
import { defineHandler } from '../model/handler.ts';
import { simulation } from '../simulate/index.ts';
import { defineApp } from './define-app.ts';

const counted = defineEvent('counted', z.object({ n: z.number() }));

function start(more: object, step: (n: number) => object = (n) => ({ state: n })) {
  const handler = defineHandler<unknown>({
    name: 'n',
    state: z.unknown(),
    initial: null,
    ...more,
  }).on(counted, ({ event }) => step(event.data.n));
  const run = simulation(defineApp({ source: 'urn:acme', parts: [handler] }));
  let id = 0;
  const say = (n: number, others: object = {}) =>
    run.happen({
      event: {
        specversion: '1.0',
        id: `${(id += 1)}`,
        source: 's',
        type: 'counted',
        subject: 'a',
        data: { n },
        ...others,
      },
    })[0];
  return { run, say, look: () => run.read(handler.ref('a')) };
}

describe('latestOnly', () => {
  it('rejects what is not newer than the last of its source', () => {
    const { say, look } = start({ latestOnly: true });
    expect(say(1, { sequence: '0005' })?.verdict).toBe('done');
    expect(say(2, { sequence: '0004' })).toMatchObject({ verdict: 'rejected', code: 'stale' });
    expect(say(3, { sequence: '0005' })).toMatchObject({ verdict: 'rejected', code: 'stale' });
    expect(say(4, { sequence: '0006' })?.verdict).toBe('done');
    expect(look().state).toBe(4);
  });

  it('counts each source for itself, and takes what has no sequence', () => {
    const { say } = start({ latestOnly: true });
    say(1, { sequence: '0005' });
    expect(say(2, { sequence: '0001', source: 'other' })?.verdict).toBe('done');
    expect(say(3)?.verdict).toBe('done');
  });

  it('still knows a double for what it is', () => {
    const { say } = start({ latestOnly: true });
    say(1, { sequence: '0005', id: 'x' });
    expect(say(1, { sequence: '0005', id: 'x' })).toEqual({ verdict: 'done', duplicate: true });
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'takes a source named %s like any',
    (source) => {
      const { say } = start({ latestOnly: true });
      expect(say(1, { source, sequence: '0002' })?.verdict).toBe('done');
      expect(say(2, { source, sequence: '0001' })?.code).toBe('stale');
      expect(say(3, { source, sequence: '0003' })?.verdict).toBe('done');
    },
  );

  it('remembers the last 16 sources, so that nobody can fill the record with names', () => {
    const { say } = start({ latestOnly: true });
    for (let n = 0; n < 16; n += 1) say(n, { source: `s${n}`, sequence: '0005' });
    expect(say(1, { source: 's0', sequence: '0001' })?.code).toBe('stale');
    say(1, { source: 's0', sequence: '0006' });
    say(1, { source: 's16', sequence: '0005' });
    expect(say(1, { source: 's0', sequence: '0001' })?.code).toBe('stale');
    expect(say(1, { source: 's1', sequence: '0001' })?.verdict).toBe('done');
  });
});

describe('an input without effect', () => {
  it('is not saved, unless everything is to be remembered', () => {
    const idle = () => ({});
    const usual = start({}, idle);
    usual.say(1);
    expect(usual.look().exists).toBe(false);
    const always = start({ remember: 'always' }, idle);
    always.say(1, { id: 'x' });
    expect(always.look().remembered).toBe(1);
    expect(always.say(1, { id: 'x' })).toEqual({ verdict: 'done', duplicate: true });
  });
});

describe('the double of an input without effect', () => {
  it('does not bring back what something else has changed meanwhile', () => {
    const { say, look } = start({});
    say(20, { id: 'a' });
    say(20, { id: 'b' });
    say(21, { id: 'c' });
    expect(say(20, { id: 'b' })).toEqual({ verdict: 'done', duplicate: true });
    expect(look().state).toBe(21);
  });

  it('does not bring back what a timer has changed meanwhile', () => {
    const timers = [{ key: 'k', at: 1000, event: counted('a', { n: 21 }) }];
    const { run, say, look } = start({}, (n) => (n === 20 ? { state: n } : { state: n, timers }));
    say(19);
    say(20, { id: 'b' });
    say(20, { id: 'c' });
    run.advanceTo(1000);
    expect(say(20, { id: 'c' })).toEqual({ verdict: 'done', duplicate: true });
    expect(look().state).toBe(21);
  });

  it('has none either as long as nothing else happened', () => {
    const { run, say, look } = start({});
    say(20, { id: 'a' });
    const version = () => run.store.entries().get('n/a')?.version;
    const before = version();
    for (let n = 0; n < 3; n += 1) expect(say(20, { id: 'b' })?.verdict).toBe('done');
    expect(version()).toBe(before);
    say(21, { id: 'c' });
    expect(look().remembered).toBe(3);
  });
});

describe('the double of a question', () => {
  it('is answered anew, as long as asking changes nothing', () => {
    let answer = 0;
    const { say } = start({}, (n) => (n === 1 ? { reply: (answer += 1) } : { state: n }));
    expect(say(1, { id: 'x' })?.reply).toBe(1);
    say(2);
    expect(say(1, { id: 'x' })?.reply).toBe(2);
  });
});

describe('an answer', () => {
  it('is given again to a double', () => {
    const { say } = start({}, (n) =>
      n === 1 ? { state: n, reply: 'yes' } : { reject: { code: 'no' } },
    );
    expect(say(1, { id: 'x' })).toEqual({ verdict: 'done', reply: 'yes' });
    expect(say(1, { id: 'x' })).toEqual({ verdict: 'done', duplicate: true, reply: 'yes' });
    expect(say(2, { id: 'y' })).toEqual({ verdict: 'rejected', code: 'no' });
    expect(say(2, { id: 'y' })).toEqual({ verdict: 'rejected', code: 'no' });
  });

  it('is refused to other content under the same id', () => {
    const { say, look } = start({});
    say(1, { id: 'x' });
    expect(say(2, { id: 'x' })).toMatchObject({ verdict: 'rejected', code: 'id-reused' });
    expect(look().state).toBe(1);
  });
});
