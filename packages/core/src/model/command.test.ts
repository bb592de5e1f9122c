import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineDevice, defineHandler, lives } from '../index.ts';
import type { Principal } from '../index.ts';
import { simulation } from '../simulate/index.ts';

const lock = defineDevice({
  type: 'com.acme.lock',
  state: z.object({ locked: z.boolean() }),
  initial: { locked: true },
  commands: { unlock: { data: z.object({ by: z.string() }), expiresMs: 10_000 } },
});
const app = defineApp({ source: 'urn:acme', parts: [lock] });
const unlock = lock.commands.unlock('l1', { by: 'ann' });
const user: Principal = { kind: 'user', id: 'ann' };
const speaksFor = () => true;

function sentBy(principal: Principal, cascade: 'inline' | 'bus' = 'inline') {
  const run = simulation(app, { speaksFor, cascade, start: 1000 });
  const handled = run.happen({ event: lives('l1', 'h1') }, { event: unlock, principal })[1];
  return { handled, sent: run.published.filter(({ type }) => type === unlock.type), run };
}

describe('a command that comes in', () => {
  it('is published for the device, once, with its time', () => {
    const { sent, run } = sentBy(user);
    expect(sent).toMatchObject([
      { subject: 'l1', data: { by: 'ann' }, partitionkey: 'h1', source: 'urn:acme' },
    ]);
    expect(sent[0]?.expirytime).toBe('1970-01-01T00:00:11.000Z');
    expect(run.read(lock.ref('l1')).state.desiredRev).toBe(0);
  });

  it('is not sent again when a bus brings it back', () => {
    expect(sentBy(user, 'bus').sent).toHaveLength(1);
  });

  it('is refused when the device itself says it', () => {
    const { handled, sent } = sentBy({ kind: 'device', id: 'l1' });
    expect([handled?.verdict, handled?.code, sent]).toEqual(['rejected', 'not-permitted', []]);
  });

  it.each([
    ['1970-01-01T00:00:01.000Z', 'rejected', []],
    ['1970-01-01T00:00:01.001Z', 'done', ['1970-01-01T00:00:01.001Z']],
  ])('whose giver let it live until %s is %s', (expirytime, verdict, expiries) => {
    const run = simulation(app, { speaksFor, start: 1000 });
    const event = { ...unlock, specversion: '1.0', id: '1', source: 's', expirytime } as const;
    const [handled] = run.happen({ event, principal: user });
    expect(handled?.verdict).toBe(verdict);
    expect(run.published.map((sent) => sent.expirytime)).toEqual(expiries);
  });
});

describe('what a device is told', () => {
  const kinds = ['app', 'service', 'user', 'hub', 'device', 'anonymous'] as const;
  const lamp = defineDevice({
    type: 'com.acme.lamp',
    state: z.object({ on: z.boolean() }),
    initial: { on: false },
    writable: z.object({ on: z.boolean() }),
    commands: { flash: { data: z.object({}), expiresMs: 1000 } },
  });
  const desired = lamp.events.desired('l1', { desired: { on: true }, desiredRev: 9 });

  it.each([
    ['a command', lamp.commands.flash('l1', {}), ['app', 'service', 'user', 'hub']],
    ['a desired state', desired, ['app', 'service']],
    ['an import', lamp.events.imported('l1', { on: true }), ['app', 'service']],
  ])('%s is believed by no handler if the device says it itself', (_, event, believed) => {
    const heard: string[] = [];
    const spy = defineHandler({ name: 'spy', state: z.null(), initial: null }).on(
      [lamp.commands.flash, lamp.events.desired, lamp.events.imported],
      ({ principal }) => {
        heard.push(principal.kind);
        return {};
      },
    );
    const house = defineApp({ source: 'urn:acme', parts: [lamp, spy] });
    const moments = kinds.map((kind) => ({ event, principal: { kind, id: 'l1' } }));
    simulation(house, { speaksFor }).happen(...moments);
    expect([...new Set(heard)]).toEqual(believed);
  });
});
