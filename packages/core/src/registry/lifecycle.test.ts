import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineDevice, defineHome, lives, type Draft } from '../index.ts';
import { simulation, type Moment } from '../simulate/index.ts';
import { defineRegistry, proofOf } from './index.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ isOn: z.boolean() }),
  initial: { isOn: false },
  writable: z.object({ isOn: z.boolean() }),
});
const home = defineHome({
  type: 'home',
  state: z.object({ users: z.array(z.string()) }),
  initial: { users: [] },
});
const registry = defineRegistry({
  tags: ['site'],
  homes: { of: home, users: ({ users }) => users },
});
const app = defineApp({ source: 'urn:acme', parts: [lamp, home, registry] });

const ann = { kind: 'user', id: 'ann' } as const;
const bob = { kind: 'user', id: 'bob' } as const;
const service = { kind: 'service', id: 'factory' } as const;
const device = { kind: 'device', id: 'd1' } as const;

const label = 'K7Q2-M4ZP-11';
const made = registry.register('d1', { model: 'lamp', proof: proofOf('d1', label) });

function start() {
  const world = simulation(app);
  const say = (principal: Moment['principal'], ...drafts: readonly Draft[]) =>
    drafts.map((event) => {
      const [handled] = world.happen({ event, ...(principal && { principal }) });
      return handled?.code ?? handled?.verdict;
    });
  const types = () => world.published.map(({ type }) => type);
  const status = () => world.read(registry.ref('d1')).state.status;
  return { world, say, types, status };
}

/** A lamp that Ann has at home and uses. */
function inUse() {
  const world = start();
  world.say(service, home.set('h1', { users: ['ann'] }), home.set('h2', { users: ['bob'] }), made);
  world.say(ann, registry.claim('d1', { code: label, home: 'h1' }));
  world.say(service, registry.provision('d1'));
  world.say(device, registry.activate('d1'));
  return world;
}

describe('the life of a device', () => {
  it('goes from the factory to the bin, each step told', () => {
    const { say, types, status } = inUse();
    expect(status()).toBe('active');
    say(service, registry.suspend('d1', { reason: 'unpaid' }), registry.resume('d1'));
    say(service, registry.decommission('d1'));
    expect(status()).toBe('decommissioned');
    expect(types().filter((type) => type.startsWith('hearth.'))).toEqual([
      'hearth.registry.registered',
      'hearth.device.bound',
      'hearth.registry.claimed',
      'hearth.registry.provisioned',
      'hearth.registry.activated',
      'hearth.device.standing',
      'hearth.registry.suspended',
      'hearth.device.standing',
      'hearth.registry.resumed',
      'hearth.device.bound',
      'hearth.device.forgotten',
      'hearth.device.standing',
      'hearth.registry.decommissioned',
    ]);
  });

  it('says who did it, and what it was before', () => {
    const { world } = inUse();
    const claimed = world.published.find(({ type }) => type === 'hearth.registry.claimed');
    expect(claimed?.data).toEqual({
      status: 'claimed',
      before: 'registered',
      by: 'user:ann',
      model: 'lamp',
      owner: 'ann',
      home: 'h1',
    });
  });

  it.each([
    ['claim', registry.claim('d1', { owner: 'ann' })],
    ['provision', registry.provision('d1')],
    ['activate', registry.activate('d1')],
    ['suspend', registry.suspend('d1')],
    ['resume', registry.resume('d1')],
    ['transfer', registry.transfer('d1', { home: 'h1' })],
    ['release', registry.release('d1')],
    ['attach', registry.attach('d1', { hub: 'hub' })],
    ['describe', registry.describe('d1', {})],
    ['decommission', registry.decommission('d1')],
  ])('rejects to %s what nobody has registered', (_, draft) => {
    expect(start().say(service, draft)).toEqual(['not-registered']);
  });

  it.each([
    ['provision', registry.provision('d1'), 'registered'],
    ['activate', registry.activate('d1'), 'registered'],
    ['suspend', registry.suspend('d1'), 'registered'],
    ['resume', registry.resume('d1'), 'registered'],
    ['transfer', registry.transfer('d1', { home: 'h1' }), 'registered'],
  ])('rejects to %s what is only registered, and says what it is', (_, draft, status) => {
    const { world, say } = start();
    say(service, made);
    const [handled] = world.happen({ event: draft });
    expect(handled).toMatchObject({ code: 'wrong-status', data: { status } });
  });

  it('takes what is so already for no mistake', () => {
    const { world, say } = inUse();
    const before = world.published.length;
    const again = [registry.provision('d1'), registry.activate('d1'), registry.resume('d1')];
    expect(say(service, ...again)).toEqual(['done', 'done', 'done']);
    expect(world.published).toHaveLength(before);
  });

  it('begins once: registered again as it is, it stays; as something else, it is refused', () => {
    const { say } = start();
    expect(say(service, made, made)).toEqual(['done', 'done']);
    const other = registry.register('d1', { model: 'lock' });
    expect(say(service, other)).toEqual(['already-registered']);
  });

  it('refuses a tag that the registry does not declare', () => {
    const { world } = start();
    const event = registry.register('d1', { model: 'lamp', tags: { sight: 'x' } });
    const [handled] = world.happen({ event });
    expect(handled).toMatchObject({ code: 'invalid-data', data: { field: 'data.tags.sight' } });
  });
});

describe('who may do what', () => {
  it.each([
    ['registers', made],
    ['provisions', registry.provision('d1')],
    ['decommissions', registry.decommission('d1')],
    ['describes', registry.describe('d1', {})],
  ])('only a service %s', (_, draft) => {
    const { say } = inUse();
    expect(say(ann, draft)).toEqual(['not-permitted']);
    expect(say(device, draft)).toEqual(['not-permitted']);
  });

  it('lets nobody claim without the code, and tells nobody which devices there are', () => {
    const { say } = start();
    expect(say(ann, registry.claim('d1', { code: label }))).toEqual(['cannot-be-claimed']);
    say(service, registry.register('d1', { model: 'lamp' }));
    expect(say(ann, registry.claim('d1', { code: label }))).toEqual(['cannot-be-claimed']);
    const taken = inUse();
    const byBob = registry.claim('d1', { code: label });
    expect(taken.say(bob, byBob)).toEqual(['cannot-be-claimed']);
  });

  it('bounds the wrong codes, however many come at once, and lets the right one in after an hour', () => {
    const { world, say, status } = start();
    say(service, made);
    const wrong = Array.from({ length: 6 }, (_, n) => registry.claim('d1', { code: `wrong-${n}` }));
    const [first] = world.happen({ event: wrong[0] as Draft, principal: bob });
    expect(first?.reply).toEqual({ status: 'registered', refused: 'wrong-code', triesLeft: 4 });
    expect(say(bob, ...wrong.slice(1))).toEqual([...Array(4).fill('done'), 'too-many-tries']);
    expect(say(ann, registry.claim('d1', { code: label }))).toEqual(['too-many-tries']);
    world.advanceTo(world.now() + 3_600_000);
    expect(say(ann, registry.claim('d1', { code: label }))).toEqual(['done']);
    expect(status()).toBe('claimed');
  });

  it('keeps no code', () => {
    const { world } = inUse();
    expect(JSON.stringify(world.store.snapshot())).not.toContain(label);
  });

  it('lets no user bring a device into the home of somebody else', () => {
    const { say } = inUse();
    expect(say(ann, registry.transfer('d1', { home: 'h2' }))).toEqual(['not-permitted']);
    say(service, registry.register('d2', { model: 'lamp', proof: proofOf('d2', label) }));
    const claim = registry.claim('d2', { code: label, home: 'h2' });
    expect(say(ann, claim)).toEqual(['not-permitted']);
  });

  it('lets no user act on a device that they do not own, also if they live with it', () => {
    const { say } = inUse();
    expect(say(bob, registry.suspend('d1'))).toEqual(['not-permitted']);
    say(service, home.set('h1', { users: ['ann', 'bob'] }));
    expect(say(bob, registry.suspend('d1'))).toEqual(['not-owner']);
    expect(say(bob, lamp.set('d1', { isOn: true }))).toEqual(['done']);
  });

  it('lets an owner resume what the owner suspended, and not what a service did', () => {
    const { say, status } = inUse();
    say(ann, registry.suspend('d1'), registry.resume('d1'));
    expect(status()).toBe('active');
    say(ann, registry.suspend('d1'));
    say(service, registry.suspend('d1', { reason: 'stolen' }));
    expect(say(ann, registry.resume('d1'))).toEqual(['not-owner']);
    expect(status()).toBe('suspended');
  });

  it('lets a hub speak for the devices behind it while both are in use', () => {
    const { say } = inUse();
    const hub = { kind: 'hub', id: 'hub' } as const;
    const report = lamp.events.reported('d1', { isOn: true });
    expect(say(hub, report)).toEqual(['not-permitted']);
    say(service, registry.register('hub', { model: 'hub', owner: 'ann', status: 'active' }));
    expect(say(ann, registry.attach('d1', { hub: 'hub' }))).toEqual(['done']);
    expect(say(hub, report)).toEqual(['done']);
    say(service, registry.suspend('hub'));
    expect(say(hub, report)).toEqual(['not-permitted']);
  });

  it('lets no user put a device behind a hub that is not theirs', () => {
    const { say } = inUse();
    say(service, registry.register('hub', { model: 'hub', owner: 'bob', status: 'active' }));
    expect(say(ann, registry.attach('d1', { hub: 'hub' }))).toEqual(['not-permitted']);
  });
});

describe('a device that changes hands', () => {
  const used = () => {
    const world = inUse();
    world.say(device, lamp.events.reported('d1', { isOn: true }));
    world.say(ann, lamp.set('d1', { isOn: false }));
    return world;
  };

  it('keeps its twin when its owner moves', () => {
    const { world, say } = used();
    say(service, home.set('h2', { users: ['ann'] }));
    say(ann, registry.transfer('d1', { home: 'h2' }));
    const { home: at, reported, desired } = world.read(lamp.ref('d1')).state;
    expect([at, reported, desired]).toEqual(['h2', { isOn: true }, { isOn: false }]);
  });

  it('forgets what it knew when somebody else gets it, and is in no home', () => {
    const { world, say } = used();
    say(service, registry.transfer('d1', { owner: 'bob' }));
    const { home: at, reported, desired } = world.read(lamp.ref('d1')).state;
    expect([at, reported, desired]).toEqual([null, { isOn: false }, {}]);
    expect(say(ann, lamp.set('d1', { isOn: true }))).toEqual(['not-permitted']);
    expect(say(bob, lamp.set('d1', { isOn: true }))).toEqual(['done']);
  });

  it('is released by its owner and claimed by the next, by a new code', () => {
    const { say, status } = used();
    say(ann, registry.release('d1', { proof: proofOf('d1', 'new-code') }));
    expect(status()).toBe('registered');
    say(bob, registry.claim('d1', { code: label }), registry.claim('d1', { code: 'new-code' }));
    expect(status()).toBe('claimed');
  });

  it('cannot be given away by a user: who gets it claims it', () => {
    const { say } = used();
    expect(say(ann, registry.transfer('d1', { owner: 'bob' }))).toEqual(['not-permitted']);
  });

  it('is followed where a service says that it lives', () => {
    const { world, say } = used();
    say(service, lives('d1', 'h7'));
    expect(world.read(registry.ref('d1')).state.home).toBe('h7');
  });

  it('takes part no more when it is suspended', () => {
    const { say } = used();
    say(service, registry.suspend('d1'));
    const report = lamp.events.reported('d1', { isOn: false });
    expect(say(device, report)).toEqual(['suspended']);
    say(service, registry.decommission('d1'));
    expect(say(device, report)).toEqual(['decommissioned']);
  });
});

it('follows the events by which a device gets on', () => {
  const following = defineRegistry({ follows: { activate: [lamp.events.connected] } });
  const world = simulation(defineApp({ source: 'urn:acme', parts: [lamp, following] }));
  const status = () => world.read(following.ref('d1')).state.status;
  const connected = lamp.events.connected('d1', { session: 's1' });
  world.happen({ event: following.register('d1', { model: 'lamp', owner: 'ann' }) });
  expect(world.happen({ event: connected, principal: device })).toEqual([{ verdict: 'done' }]);
  expect(status()).toBe('claimed');
  world.happen({ event: following.provision('d1') }, { event: connected, principal: device });
  expect(status()).toBe('active');
});

it.each([
  ['a tag that every registry has', { tags: ['home'] }],
  ['a tag that looks like a group', { tags: ['group:a'] }],
  ['a group that selects by nothing', { groups: { a: { tag: '', value: '' } } }],
])('refuses %s', (_, options) => {
  expect(() => defineRegistry(options)).toThrow(
    expect.objectContaining({ code: 'invalid-definition' }),
  );
});
