import { deepEqual, equal, ok } from 'node:assert/strict';
import { meters } from './meter.ts';
import {
  assertBuried,
  deliver,
  garbage,
  lettersOf,
  message,
  stateOf,
  world,
  type HostAnswer,
  type OpenTrigger,
  type TriggerCase,
  type TriggerMessage,
  type World,
} from './trigger-case.ts';

const noEvents: Readonly<Record<string, readonly string[]>> = {
  'a payload that is no JSON': [
    '',
    'temp=21.5;bat=3.1',
    '{"specversion":"1.0","id":"e1","source":"urn:acme:meter:m1","ty',
  ],
  'JSON that is no event': ['null', '21.5', '{"temperature":21.5}'],
  'an event that is not valid': [
    '{"specversion":"1.0","source":"urn:m","type":"com.acme.meter.counted","subject":"m1"}',
    '{"specversion":"0.3","id":"1","source":"urn:m","type":"t","subject":"m1"}',
  ],
};

/** What a trigger does with messages that can never be handled. */
export const poisonCases: readonly TriggerCase[] = [
  ...Object.entries(noEvents).map(([what, raws]) => ({
    name: `buries ${what}`,
    async run(open: OpenTrigger) {
      for (const raw of raws) {
        const at = world();
        const [answer] = await deliver(open, meters, at.runtime, [garbage(raw)]);
        assertBuried(at, answer);
      }
    },
  })),
  {
    name: 'keeps the text of a message that is no event',
    async run(open) {
      const at = world();
      const raw = 'temp=21.5;room="Süd"';
      const [answer] = await deliver(open, meters, at.runtime, [garbage(raw)]);
      if (answer === 'refused') return;
      const [letter] = lettersOf(at);
      ok(letter?.raw === raw || letter?.raw === Buffer.from(raw).toString('base64'), letter?.raw);
    },
  },
  {
    name: 'buries data that does not fit',
    async run(open) {
      const at = world();
      const odd = message('e1', { data: { by: 'many' } });
      const [answer] = await deliver(open, meters, at.runtime, [odd]);
      assertBuried(at, answer, 'invalid-data');
      equal((await stateOf(at)).total, 0);
    },
  },
  ...['first', 'second', 'last'].map((place, index) => ({
    name: `takes no others with a message that is no event and comes ${place}`,
    run: (open: OpenTrigger) => assertAlone(open, garbage('no event', 'm9'), index),
  })),
  {
    name: 'takes no others with a message whose data does not fit',
    run: (open) => assertAlone(open, message('e1', { data: null }, 'm9'), 1),
  },
  {
    name: 'takes no others with a message whose step fails, and does not lose it',
    async run(open) {
      const poison = message('e9', { type: 'com.acme.meter.broken' }, 'm9');
      const { at, answer, others } = await amongOthers(open, poison, 1);
      // A host that counts its deliveries may deliver it again, and some of them all that came with it.
      if (answer === 'redelivered') return;
      assertBuried(at, answer, 'step-failed');
      deepEqual(others, ['acknowledged', 'acknowledged']);
    },
  },
];

async function assertAlone(
  open: OpenTrigger,
  poison: TriggerMessage,
  place: number,
): Promise<void> {
  const { at, answer, others } = await amongOthers(open, poison, place);
  assertBuried(at, answer);
  deepEqual(others, ['acknowledged', 'acknowledged']);
}

interface Among {
  readonly at: World;
  readonly answer: HostAnswer | undefined;
  readonly others: readonly HostAnswer[];
}

/** Delivers a poisoned message among two good ones, and insists that these are done. */
async function amongOthers(
  open: OpenTrigger,
  poison: TriggerMessage,
  place: number,
): Promise<Among> {
  const at = world();
  const messages: TriggerMessage[] = [message('e1', {}, 'm1'), message('e1', {}, 'm2')];
  messages.splice(place, 0, poison);
  const answers = await deliver(open, meters, at.runtime, messages);
  equal((await stateOf(at, 'm1')).total, 1);
  equal((await stateOf(at, 'm2')).total, 1);
  const others = answers.filter((_, index) => index !== place);
  return { at, answer: answers[place], others };
}
