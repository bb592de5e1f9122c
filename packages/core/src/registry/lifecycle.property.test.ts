import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { defineApp, type Principal } from '../index.ts';
import { simulation } from '../simulate/index.ts';
import { defineRegistry, proofOf, type Registered } from './index.ts';

const registry = defineRegistry();
const app = defineApp({ source: 'urn:acme', parts: [registry] });

const drafts = [
  registry.register('d', { model: 'lamp', proof: proofOf('d', 'code') }),
  registry.claim('d', { code: 'code' }),
  registry.claim('d', { code: 'wrong' }),
  registry.claim('d', { owner: 'eve' }),
  registry.provision('d'),
  registry.activate('d'),
  registry.suspend('d'),
  registry.resume('d'),
  registry.transfer('d', { owner: 'bob' }),
  registry.transfer('d', { home: null }),
  registry.release('d'),
  registry.attach('d', { hub: 'hub' }),
  registry.describe('d', { firmware: '2', groups: { a: true } }),
  registry.decommission('d'),
] as const;
const principals: readonly Principal[] = [
  { kind: 'service', id: 's' },
  { kind: 'user', id: 'ann' },
  { kind: 'user', id: 'bob' },
  { kind: 'device', id: 'd' },
];

const happening = fc.record({
  draft: fc.nat(drafts.length - 1),
  principal: fc.nat(principals.length - 1),
  doubled: fc.boolean(),
});

/** Where a device may get from a status; from all of them to where it is. */
const ways: Readonly<Record<Registered['status'], readonly string[]>> = {
  unknown: ['registered'],
  registered: ['claimed', 'decommissioned'],
  claimed: ['provisioned', 'registered', 'suspended', 'decommissioned'],
  provisioned: ['active', 'registered', 'suspended', 'decommissioned'],
  active: ['registered', 'suspended', 'decommissioned'],
  suspended: ['claimed', 'provisioned', 'active', 'decommissioned'],
  decommissioned: [],
};

/** What is so of every device, whatever was said to it by whom. */
function assertLegal({ status, owner, hub, proof, suspended }: Registered): void {
  const isOwned = ['claimed', 'provisioned', 'active', 'suspended'].includes(status);
  expect(owner !== null).toBe(isOwned);
  const isOver = status === 'decommissioned';
  expect(isOver && (hub ?? proof) !== null).toBe(false);
  expect(suspended !== null).toBe(status === 'suspended');
}

it('ends in a legal state by legal ways, whatever is said in any order by anybody, doubled or not', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
      const world = simulation(app);
      let before: Registered['status'] = 'unknown';
      happenings.forEach(({ draft, principal: who, doubled }, n) => {
        const event = { specversion: '1.0', id: `${n}`, source: 's', ...drafts[draft] } as never;
        const principal = principals[who] as Principal;
        const { status: now } = say(event, principal);
        expect([before, ...ways[before]]).toContain(now);
        expect(doubled ? say(event, principal).status : now).toBe(now);
        before = now;
      });
      const told = world.published.map(({ data }) => (data as { status?: string }).status);
      expect(told.filter((status) => status === 'decommissioned').length).toBeLessThan(2);

      function say(event: never, principal: Principal): Registered {
        world.happen({ event, principal });
        const { state } = world.read(registry.ref('d'));
        assertLegal(state);
        return state;
      }
    }),
    { numRuns: 150, seed: 4 },
  );
});
