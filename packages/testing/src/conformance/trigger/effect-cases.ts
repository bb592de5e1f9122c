import { deepEqual, equal } from 'node:assert/strict';
import { meters } from './meter.ts';
import {
  assertBuried,
  deliver,
  message,
  stateOf,
  world,
  type TriggerCase,
} from './trigger-case.ts';

// What a codec loses first: fractions of a second, an offset, big and small numbers, types of extensions, text outside ASCII.
const difficult = {
  time: '2024-02-29T23:59:59.123456+05:30',
  dataschema: 'https://acme.example/schemas/counted?v=2#x',
  correlationid: 'story-1',
  expirytime: '2030-01-01T00:00:00Z',
  sequence: '0000000042',
  floor: 3,
  spare: true,
  room: 'Büro "Süd", 100% \\ 😀',
  data: { by: 2.5, note: { 'né"e': ['😀', null, 1e21, -0.1, { deep: [[]] }], empty: '' } },
} as const;

/** What a trigger does with messages with which nothing is wrong. */
export const effectCases: readonly TriggerCase[] = [
  {
    name: 'acknowledges a message when it is saved and what it emits is published',
    async run(open) {
      const at = world();
      deepEqual(await deliver(open, meters, at.runtime, [message('e1')]), ['acknowledged']);
      equal((await stateOf(at)).total, 1);
      deepEqual(
        at.publisher.published.map(({ event }) => [event.type, event.data]),
        [['com.acme.meter.total', { by: 1 }]],
      );
      equal(at.deadLetters.published.length, 0);
    },
  },
  {
    name: 'hands on an event as it was sent',
    async run(open) {
      const at = world();
      const sent = message('e/1 ü', difficult);
      deepEqual(await deliver(open, meters, at.runtime, [sent]), ['acknowledged']);
      const seen = (await stateOf(at)).last as Readonly<Record<string, unknown>>;
      for (const [name, value] of Object.entries(sent.event)) deepEqual(seen[name], value, name);
    },
  },
  {
    name: 'handles each of 50 messages of one delivery',
    async run(open) {
      const at = world();
      const subjects = Array.from({ length: 50 }, (_, index) => `m${index}`);
      const messages = subjects.map((subject) => message('e1', {}, subject));
      const answers = await deliver(open, meters, at.runtime, messages);
      deepEqual(new Set(answers), new Set(['acknowledged']));
      for (const subject of subjects) equal((await stateOf(at, subject)).total, 1, subject);
    },
  },
  {
    name: 'applies the messages of a subject in their order, if it promises so',
    async run(open) {
      const at = world();
      const ids = Array.from({ length: 12 }, (_, index) => `e${index}`);
      const trigger = await open(meters, at.runtime);
      await trigger.deliver(ids.map((id) => message(id)));
      await trigger.close?.();
      const { applied } = await stateOf(at);
      if (trigger.ordered === true) deepEqual(applied, ids);
      else deepEqual(new Set(applied), new Set(ids));
    },
  },
  {
    name: 'gives no second effect to a message that is delivered again',
    async run(open) {
      const at = world();
      for (let i = 0; i < 3; i += 1) {
        deepEqual(await deliver(open, meters, at.runtime, [message('e1')]), ['acknowledged']);
      }
      equal((await stateOf(at)).total, 1);
      equal(new Set(at.publisher.published.map(({ event }) => event.id)).size, 1);
    },
  },
  {
    name: 'gives no second effect to a message that is twice in one delivery',
    async run(open) {
      const at = world();
      const messages = [message('e1'), message('e2'), message('e1')];
      const answers = await deliver(open, meters, at.runtime, messages);
      deepEqual(answers, ['acknowledged', 'acknowledged', 'acknowledged']);
      equal((await stateOf(at)).total, 2);
    },
  },
  {
    name: 'acknowledges an event of a type that nobody knows, and makes no dead letter of it',
    async run(open) {
      const at = world();
      const stranger = message('e1', { type: 'com.other.thing', data: { odd: true } });
      deepEqual(await deliver(open, meters, at.runtime, [stranger]), ['acknowledged']);
      equal(at.deadLetters.published.length, 0);
    },
  },
  {
    name: 'buries what a step rejects',
    async run(open) {
      const at = world();
      const [answer] = await deliver(open, meters, at.runtime, [
        message('e1', { type: 'com.acme.meter.refused' }),
      ]);
      assertBuried(at, answer, 'not-today');
    },
  },
];
