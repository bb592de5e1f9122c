import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { atEveryStep } from '../../crash.ts';
import { faultyPublisher, faultyStore } from '../../faults.ts';
import { meters } from './meter.ts';
import {
  assertBuried,
  deliver,
  garbage,
  message,
  stateOf,
  world,
  type OpenTrigger,
  type TriggerCase,
} from './trigger-case.ts';

const three = ['m1', 'm2', 'm3'].map((subject) => message('e1', {}, subject));

/** What a trigger does while something else does not work. */
export const troubleCases: readonly TriggerCase[] = [
  {
    name: 'acknowledges nothing while the store is down',
    async run(open) {
      const at = world(({ store }) => ({ store: faultyStore(store, () => 'down') }));
      const answers = await deliver(open, meters, at.runtime, three);
      deepEqual(answers, ['redelivered', 'redelivered', 'redelivered']);
      equal(at.publisher.published.length, 0);
    },
  },
  {
    name: 'acknowledges only what is done, when one record of three cannot be saved',
    async run(open) {
      const at = world(({ store }) => ({
        store: faultyStore(store, ({ key }) => (key === 'meter/m1' ? 'full' : undefined)),
      }));
      const answers = await deliver(open, meters, at.runtime, three);
      equal(answers[0], 'redelivered');
      // A host that answers for a whole delivery brings the others again as well.
      for (const subject of ['m2', 'm3']) equal((await stateOf(at, subject)).total, 1);
    },
  },
  {
    name: 'does what is delivered again after the store is back',
    async run(open) {
      let fault: 'full' | undefined = 'full';
      const at = world(({ store }) => ({ store: faultyStore(store, () => fault) }));
      deepEqual(new Set(await deliver(open, meters, at.runtime, three)), new Set(['redelivered']));
      fault = undefined;
      deepEqual(new Set(await deliver(open, meters, at.runtime, three)), new Set(['acknowledged']));
      for (const subject of ['m1', 'm2', 'm3']) equal((await stateOf(at, subject)).total, 1);
    },
  },
  {
    name: 'acknowledges nothing that it could not bury',
    async run(open) {
      const at = world(({ deadLetters }) => ({
        deadLetters: faultyPublisher(deadLetters, () => 'down'),
      }));
      const messages = [
        message('e1', { type: 'com.acme.meter.refused' }),
        garbage('no event'),
        message('e2', { data: null }),
      ];
      const answers = await deliver(open, meters, at.runtime, messages);
      for (const answer of answers) notEqual(answer, 'acknowledged');
    },
  },
  {
    name: 'does not acknowledge a message whose outputs cannot be published, if there is no sweep',
    async run(open) {
      const at = world(({ publisher }) => ({
        publisher: faultyPublisher(publisher, () => 'failed'),
      }));
      deepEqual(await deliver(open, meters, at.runtime, [message('e1')]), ['redelivered']);
    },
  },
  {
    name: 'acknowledges a message whose outputs a sweep will publish',
    async run(open) {
      const at = world(({ publisher }) => ({
        publisher: faultyPublisher(publisher, () => 'failed'),
        sweep: true,
      }));
      deepEqual(await deliver(open, meters, at.runtime, [message('e1')]), ['acknowledged']);
    },
  },
  {
    name: 'loses nothing and does nothing twice, wherever the process dies',
    run: (open) => dieEverywhere(open),
  },
  {
    name: 'buries what a device says for another, and raises an alarm',
    async run(open) {
      const at = world();
      const principal = { kind: 'device', id: 'mallory' } as const;
      const [answer] = await deliver(open, meters, at.runtime, [{ ...message('e1'), principal }]);
      assertBuried(at, answer, 'not-permitted');
      equal((await stateOf(at)).total, 0);
      const types = at.publisher.published.map(({ event }) => event.type);
      deepEqual(types, ['hearth.security.denied']);
    },
  },
  {
    name: 'takes no word of a message for who speaks',
    async run(open) {
      const at = world();
      const principal = { kind: 'device', id: 'mallory' } as const;
      const claims = {
        principal: 'service:m1',
        authtype: 'service_account',
        authid: 'm1',
        hearthprincipal: 'app:urn:acme:meters',
      };
      const forged = [
        { ...message('e1', claims), principal },
        { ...message('e2', { source: 'urn:acme:meters' }), principal },
      ];
      for (const answer of await deliver(open, meters, at.runtime, forged)) {
        assertBuried(at, answer, 'not-permitted');
      }
      equal((await stateOf(at)).total, 0);
    },
  },
];

/** Dies at each step; then the host delivers again what was not acknowledged, to a process that lives. */
async function dieEverywhere(open: OpenTrigger): Promise<void> {
  const messages = [message('e1'), message('e2'), message('e1', {}, 'm2')];
  const whole = world();
  await deliver(open, meters, whole.runtime, messages);
  const ids = (at: typeof whole) =>
    [...new Set(at.publisher.published.map(({ event }) => event.id))].toSorted();
  equal(ids(whole).length, messages.length);
  const steps = await atEveryStep(async (crash) => {
    const at = world();
    const answers = await deliver(open, meters, crash.runtime(at.runtime), messages);
    const again = messages.filter((_, index) => answers[index] !== 'acknowledged');
    if (again.length > 0) await deliver(open, meters, at.runtime, again);
    deepEqual(ids(at), ids(whole));
    equal((await stateOf(at, 'm1')).total, 2);
    equal((await stateOf(at, 'm2')).total, 1);
  });
  ok(steps >= 3, `Only ${steps} steps were seen: a load, a save and a publication are the least.`);
}
