import {
  defineApp,
  defineDevice,
  defineEvent,
  defineHandler,
  defineHome,
  defineRule,
  each,
  handle,
  lives,
} from '@hearth/core';
import type { App, CloudEvent, Draft, Handled, Runtime } from '@hearth/core';
import { memoryDeadLetters, memoryPublisher } from '@hearth/core/ports';
import type { DeadLetterStore, StateStore } from '@hearth/core/ports';
import { definePrivacy, ownedBy, type Privacy } from '@hearth/core/privacy';
import { simulatedClock, type SimulatedClock } from '../../clock.ts';
import { schemaOf } from '../plain-schema.ts';

/** The words that nothing but Ada's data has. None of them may be left once she is erased. */
export const markers = ['Lovelace', 'ada-lamp', 'ada-home', 'ada@x.org'] as const;

/** What is somebody else's, and has to stay. */
export const others = ['Boole', 'bob-lamp', 'bob-home'] as const;

type Lamp = { readonly label: string };
type House = { readonly owner: string; readonly label: string };
type Person = { readonly name: string; readonly friends: readonly string[] };

const isText = (value: unknown): boolean => typeof value === 'string';
const part = (value: unknown, name: string): unknown =>
  (Object(value) as Readonly<Record<string, unknown>>)[name];

const lamp = defineDevice({
  type: 'lamp',
  state: schemaOf<Lamp>((value) => isText(part(value, 'label'))),
  initial: { label: '' },
  tags: ({ label }) => ({ label }),
});
const home = defineHome({
  type: 'home',
  state: schemaOf<House>((value) => isText(part(value, 'owner')) && isText(part(value, 'label'))),
  initial: { owner: '', label: '' },
  tags: ({ owner }) => ({ owner }),
});
const rule = defineRule({
  name: 'lit',
  per: home,
  watch: { home, lamps: each(lamp) },
  when: { isLit: ({ lamps }) => lamps.some(({ state }) => state.label !== '') },
  emit: ({ lamps }) => lamps.map(({ subject, state }) => told(subject, { name: state.label })),
});
const told = defineEvent(
  'told',
  schemaOf<{ name: string }>((value) => isText(part(value, 'name'))),
);
const met = defineEvent(
  'met',
  schemaOf<{ name: string; friend?: string }>((value) => isText(part(value, 'name'))),
);
const person = defineHandler({
  name: 'person',
  state: schemaOf<Person>((value) => isText(part(value, 'name'))),
  initial: { name: '', friends: [] },
  forget: (state, subject) => ({
    ...state,
    friends: state.friends.filter((friend) => friend !== subject),
  }),
}).on(met, ({ state, event: { subject, data }, now }) => ({
  state: { name: data.name, friends: [...state.friends, ...(data.friend ?? '').split(' ')] },
  emit: told(subject, { name: data.name }),
  timers: [{ key: 'later', at: now + 1e9, event: met(subject, data) }],
  because: ['met'],
  reply: `Hello, ${data.name}`,
}));

/** Ada, Bob, their homes and lamps; a lamp of Ada's has lived with Bob. */
export interface OwnerWorld {
  readonly app: App;
  readonly privacy: Privacy;
  readonly runtime: Runtime;
  readonly clock: SimulatedClock;
  readonly letters: DeadLetterStore;
  readonly logs: readonly string[];
  say(draft: Draft, id: string, runtime?: Runtime): Promise<Handled | undefined>;
}

/** The lamps, homes and people that the world is made of. */
export const models = { lamp, home, rule, person, met, told } as const;

/** Makes Ada's world in a store, all publishers up, and nothing said yet. */
export function emptyWorld(
  store: StateStore,
  letters: DeadLetterStore = memoryDeadLetters(),
): OwnerWorld {
  const privacy = definePrivacy({
    secret: () => 'a secret of thirty-two characters',
    subjectsOf: ownedBy([home, 'owner'], [lamp, 'home']),
    audit: [met],
  });
  const app = defineApp({ source: 'urn:world', parts: [lamp, home, rule, person, told, privacy] });
  const clock = simulatedClock(0, { autoAdvance: true });
  const logs: string[] = [];
  const note = (fields: object, message: string) =>
    void logs.push(`${message} ${JSON.stringify(fields)}`);
  const runtime: Runtime = {
    store,
    clock,
    publisher: memoryPublisher(),
    deadLetters: letters,
    sweep: true,
    logger: { debug: note, info: note, warn: note, error: note, fatal: note },
  };
  const say: OwnerWorld['say'] = async ({ type, subject, data, partition }, id, at = runtime) => {
    const event: CloudEvent = {
      specversion: '1.0',
      id,
      source: 'urn:test',
      type,
      subject,
      data,
      ...(partition === undefined ? {} : { partitionkey: partition }),
    };
    const principal = { kind: 'service', id: 'test' } as const;
    return (await handle(app, [{ event, principal, attempt: 1, lastAttempt: true }], at))[0];
  };
  return { app, privacy, runtime, clock, letters, logs, say };
}

/** Says everything that leaves something of Ada somewhere: records, outboxes, timers, answers, copies, tombstones of moves, letters. */
export async function ownerWorld(
  store: StateStore,
  letters?: DeadLetterStore,
): Promise<OwnerWorld> {
  const world = emptyWorld(store, letters);
  const { say, runtime } = world;
  const down = { ...runtime, publisher: { publish: () => Promise.reject(new Error('down')) } };
  await say(home.set('ada-home', { owner: 'ada@x.org', label: 'Lovelace House' }), '1');
  await say(home.set('bob-home', { owner: 'bob@x.org', label: 'Boole House' }), '2');
  await say(lives('bob-lamp', 'bob-home'), '3');
  await say(lamp.events.reported('bob-lamp', { label: 'Boole' }), '4');
  // It leaves a copy in Bob's home, and then only that it has left.
  await say(lives('ada-lamp', 'bob-home'), '5');
  await say(lamp.events.reported('ada-lamp', { label: 'Lovelace' }), '6');
  await say(lives('ada-lamp', 'ada-home'), '7');
  await say(met('ada@x.org', { name: 'Lovelace' }), '8', down);
  await say(met('bob-home', { name: 'Boole', friend: 'ada-lamp bob-lamp' }), '9');
  await say(
    lamp.events.reported('ada-lamp', { label: 1 as never, name: 'Lovelace' } as never),
    '10',
  );
  return world;
}
