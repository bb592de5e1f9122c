import type { MqttRoutes, Topics } from '@hearth/adapter-mqtt';
import { lives, type App, type Principal } from '@hearth/core';
import { topicPattern } from '@hearth/core/event';
import { kindsOf, modelsOf, type Model } from '../live/kinds.ts';

/** Where an app's events go and come from on a local broker. */
export interface LocalTopics {
  /** What comes in: `thermostat/{device}/temperature`, and what a person at this computer may say: `thermostat/{device}/set`. */
  readonly incoming: Topics;
  /** What goes out, by type: `thermostat/{subject}/desired`. What the app handles itself stays inside. */
  readonly outgoing: MqttRoutes;
  /** Whether something that comes in on a topic is for the app. */
  wants(topic: string): boolean;
}

// Whoever reaches the broker on the loopback interface without a user name sits at this computer.
const person: Principal = { kind: 'service', id: 'this-computer' };

// What only apps, services and users say about a device or home, not the device itself.
const said = new Set(['set']);

/**
 * The topics of an app, from the names of its models: the last word of the type, or all of it where two models share that word.
 *
 * `prefix`, such as `replay/`, keeps apart what shares a broker.
 */
export function localTopics(app: App, prefix = ''): LocalTopics {
  const models = modelsOf(app);
  const names = new Map(models.map((model) => [model, nameOf(model, models)]));
  const own = [
    ...models.flatMap((model) => reportsOf(model, names.get(model) ?? model.type)),
    ['device/{device}/bound', { type: boundType, principal: person }] as const,
  ];
  const incoming: Topics = Object.fromEntries(
    own.map(([pattern, topic]) => [prefix + pattern, topic] as const),
  );
  const patterns = Object.keys(incoming).map((pattern) => topicPattern(pattern));
  return {
    incoming,
    outgoing: routesOf(app, names, prefix),
    wants: (topic) => patterns.some((pattern) => pattern.match(topic) !== undefined),
  };
}

/** Timers of rules and the like never leave the app. */
const isOurs = (type: string): boolean => type.startsWith('hearth.');

function routesOf(app: App, names: ReadonlyMap<Model, string>, prefix: string): MqttRoutes {
  const kindOf = kindsOf(app);
  const routes = [...app.types.keys()]
    .filter((type) => !app.routes.has(type) && kindOf(type) !== 'inner' && !isOurs(type))
    .map((type) => {
      const [model, name] = [...names].find(([one]) => type.startsWith(`${one.type}.`)) ?? [];
      const before = model === undefined ? `event/${type}` : undefined;
      const after = model === undefined ? '' : `/${type.slice(model.type.length + 1)}`;
      const topic = `${prefix}${before ?? name}/{subject}${after}`;
      return [type, { topic, retain: kindOf(type) === 'desired' }] as const;
    });
  return Object.fromEntries(routes);
}

const boundType = lives('device', null).type;

function nameOf({ type }: Model, models: readonly Model[]): string {
  const last = (one: string) => one.split('.').at(-1) ?? one;
  return models.filter((one) => last(one.type) === last(type)).length === 1 ? last(type) : type;
}

/** A device says its reports for itself, and a home's sensor speaks for its home; the rest is for people. */
function reportsOf({ type, events, commands }: Model, name: string) {
  const param = commands === undefined ? 'home' : 'device';
  const own: Topics[string]['principal'] =
    commands === undefined
      ? ({ params }) => ({ kind: 'device', id: params['home'] ?? '' })
      : 'topic';
  const spoken = [...Object.keys(events).filter((event) => isSpoken(event, events[event])), 'set'];
  return spoken.map((event) => {
    const principal = said.has(event) ? person : own;
    return [`${name}/{${param}}/${event}`, { type: `${type}.${event}`, principal }] as const;
  });
}

// What only the app says, or a service that brings in what another system knew, has no topic to come in by.
const isSpoken = (name: string, event: Model['events'][string] | undefined): boolean =>
  name !== 'imported' && event?.madeBy === undefined;
