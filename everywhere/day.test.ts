import * as adapterAws from '@hearth/adapter-aws';
import * as adapterAzure from '@hearth/adapter-azure';
import * as adapterGcp from '@hearth/adapter-gcp';
import { memoryStore } from '@hearth/core/ports';
import { beforeAll, describe, expect, it } from 'vitest';
import { recordedDay } from './day.ts';
import { differences } from './difference.ts';
import { directWay, live, type Ending } from './living.ts';
import { places } from './places.ts';

const day = recordedDay();
const messages = day.flatMap((moment) => moment.messages);
let ending: Ending;

beforeAll(async () => {
  ending = await live(day, directWay, memoryStore());
});

const outcomes = () =>
  new Set(ending.answers.map((answer) => answer.slice(answer.lastIndexOf(': ') + 2)));

describe('the recorded day', () => {
  it('has something of everything that can become of a message', () => {
    expect(outcomes()).toEqual(
      new Set([
        'done',
        'done  (again)',
        'rejected id-reused',
        'rejected invalid-data',
        'rejected invalid-event',
        'rejected not-permitted',
        'rejected stale',
        'rejected too-small',
        'rejected unsupported-media-type',
      ]),
    );
    expect(messages.some((each) => 'event' in each && each.event.type === 'com.other.thing')).toBe(
      true,
    );
  });

  it('lets rules fire, timers elapse, commands go out and a device move', () => {
    const types = new Set(
      ending.emitted.map((text) => (JSON.parse(text) as { type: string }).type),
    );
    for (const type of ['thermostat.set', 'thermostat.show', 'thermostat.left', 'home.welcome'])
      expect(types).toContain(`com.acme.${type}`);
    expect(ending.records['doorbell/h1-bell']).toMatch(/"quietAt":\d+/);
  });

  it('is told by one sender at a time in each home', () => {
    for (const { messages: told } of day) {
      const senders = new Set(told.map(({ principal }) => principal.id));
      const homes = new Set(told.map(homeOf));
      expect(senders.size).toBeLessThanOrEqual(homes.size);
    }
  });

  it('is the same day again', () => {
    expect(recordedDay()).toEqual(day);
  });
});

function homeOf(message: (typeof messages)[number]): string {
  const { id } = message.principal;
  const subject = 'event' in message ? (message.event.subject ?? '') : '';
  return /h\d/.exec(id === 'registry' ? subject : id)?.[0] ?? '';
}

describe('a difference', () => {
  it.each([
    ['a record', { records: { 'doorbell/h1-bell': '{}' } }],
    ['an event that is there twice', { emitted: ['one', 'one'] }],
    ['another code', { letters: ['stale temp=21.5'] }],
  ])('is seen in %s', (_, rest) => {
    const [first] = differences({ ...ending, emitted: ['one'] }, { ...ending, ...rest });
    expect(first).toBeDefined();
  });
});

const adapters: Readonly<Record<string, object>> = {
  'adapter-aws': adapterAws,
  'adapter-azure': adapterAzure,
  'adapter-gcp': adapterGcp,
};

describe.each(places)('what is told of $name', ({ adapter, ways, without = {} }) => {
  it('leaves no limit in that concerns no message', () => {
    const idle = ways.flatMap(({ name, limits = [] }) =>
      limits.filter(({ applies }) => !messages.some(applies)).map(({ why }) => `${name}: ${why}`),
    );
    expect(idle).toEqual([]);
  });

  it('leaves no trigger out silently', () => {
    const exported = Object.keys(adapters[adapter] ?? {});
    // A trigger is what has something that decodes for it.
    const triggers = exported.filter((name) =>
      exported.includes(`decode${name.slice(0, 1).toUpperCase()}${name.slice(1)}`),
    );
    const told = places.filter((place) => place.adapter === adapter).flatMap((place) => place.ways);
    const missing = triggers.filter(
      (trigger) =>
        !(trigger in without) && !told.some(({ name }) => new RegExp(`^${trigger}\\b`).test(name)),
    );
    expect(missing).toEqual([]);
  });
});
