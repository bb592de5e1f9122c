import { defineApp, defineDevice, defineHome, defineRule, each } from '@hearth/core';
import { defineRegistry, forEach, proofOf } from '@hearth/core/registry';
import { it } from 'vitest';
import * as z from 'zod';
import { specify } from './index.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ isOn: z.boolean() }),
  initial: { isOn: false },
  writable: z.object({ isOn: z.boolean() }),
});
const home = defineHome({
  type: 'home',
  state: z.object({ isAway: z.boolean() }),
  initial: { isAway: false },
});
const registry = defineRegistry();
const allOff = defineRule({
  name: 'all-off',
  per: home,
  watch: { home, lamps: each(lamp, { pick: [] }) },
  when: { away: ({ home: { isAway } }) => isAway },
  emit: ({ lamps }) => lamps.map(({ subject }) => lamp.set(subject, { isOn: false })),
});
const switchOn = forEach({
  name: 'switch-on',
  over: registry,
  page: 2,
  draft: ({ subject }) => lamp.set(subject, { isOn: true }),
});
const app = defineApp({ source: 'urn:acme', parts: [lamp, home, registry, allOff, switchOn] });

const ann = { kind: 'user', id: 'ann' } as const;
const device = { kind: 'device', id: 'l1' } as const;
const service = { kind: 'service', id: 'factory' } as const;
const label = 'K7Q2-M4ZP-11';

it('brings a lamp from the factory to Ann, and from her to the bin', () =>
  specify(app)
    .when(registry.register('l1', { model: 'lamp', proof: proofOf('l1', label) }))
    .as(ann)
    .when(registry.claim('l1', { code: label }))
    .replies({ status: 'claimed' })
    .as(service)
    .when(registry.transfer('l1', { home: 'h1' }))
    .when(registry.provision('l1'))
    .as(device)
    .when(registry.activate('l1'))
    .when(lamp.events.reported('l1', { isOn: true }))
    .as(service)
    .when(home.set('h1', { isAway: true }))
    .emits(lamp.set('l1', { isOn: false }))
    .because('away')
    .when(registry.decommission('l1', { reason: 'broken' }))
    .leaves(registry, 'l1', { status: 'decommissioned', owner: null, home: null })
    .leaves(lamp, 'l1', { isOn: false })
    .whateverHappens({ budget: 4_000 }));

it('gives a lamp to somebody else, who gets nothing that was Ann’s', () =>
  specify(app)
    .given(
      registry.register('l1', { model: 'lamp', owner: 'ann', home: 'h1', status: 'active' }),
      lamp.events.reported('l1', { isOn: true }),
      lamp.set('l1', { isOn: false }),
    )
    .when(registry.transfer('l1', { owner: 'bob', home: 'h2' }))
    .leaves(lamp.ref('l1'), { home: 'h2', reported: { isOn: false }, desired: {} })
    .whateverHappens({ budget: 4_000 }));

it('counts wrong codes, whatever happens to them', () =>
  specify(app)
    .given(registry.register('l1', { model: 'lamp', proof: proofOf('l1', label) }))
    .as(ann)
    .when(registry.claim('l1', { code: 'no' }))
    .replies({ status: 'registered', refused: 'wrong-code', triesLeft: 4 })
    .when(registry.claim('l1', { code: 'nor that' }))
    .leaves(registry, 'l1', { status: 'registered', tries: 2 })
    .whateverHappens({ budget: 4_000 }));

it('says something for each lamp once, whatever happens meanwhile', () =>
  specify(app)
    .given(...['l1', 'l2', 'l3'].map((one) => registry.register(one, { model: 'lamp' })))
    .when(switchOn.start('run', { tag: 'model', value: 'lamp' }))
    .after(1_000)
    .leaves(switchOn, 'run', { status: 'done', looked: 3, made: 3 })
    .leaves(lamp.ref('l3'), { desired: { isOn: true } })
    .whateverHappens({ budget: 4_000 }));
