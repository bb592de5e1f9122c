import { HearthError, topicPattern, type CloudEvent } from '@hearth/core/event';

/** Where events of one type go. */
export interface IotRoute {
  /** The topic, in which `{subject}` and other `{attributes}` stand for those of the event: `device/{subject}/desired`. */
  readonly topic: string;
  /** Whether the broker keeps the last one for whoever subscribes later. */
  readonly retain?: boolean;
  /**
   * `event`, unless given: the whole CloudEvent in structured mode. `data`: its data alone, for devices that know nothing of
   * CloudEvents; the attributes are beside it, as user properties, which MQTT 5 shows.
   */
  readonly payload?: 'event' | 'data';
}

/** Where events go, by their type; a text is a topic. */
export type IotRoutes = Readonly<Record<string, IotRoute | string>>;

/** A route that can build its topics. */
export interface CompiledRoute {
  readonly pattern: string;
  readonly retain: boolean;
  readonly payload: 'event' | 'data';
  /** @throws {HearthError} `invalid-topic` if an attribute is missing or the topic is longer than AWS IoT takes. */
  topicOf(event: CloudEvent): string;
}

/** Compiles routes; gives the one of a type, if there is one. */
export function iotRoutes(
  topics: IotRoutes = { default: 'device/{subject}/{type}' },
): (type: string) => CompiledRoute | undefined {
  const routes = new Map(Object.entries(topics).map(([type, route]) => [type, compiled(route)]));
  return (type) => routes.get(type) ?? routes.get('default');
}

function compiled(given: IotRoute | string): CompiledRoute {
  const route = typeof given === 'string' ? { topic: given } : given;
  const { topic, retain = false, payload = 'event' } = route;
  const pattern = topicPattern(topic);
  assertDepth(topic);
  const names = [...topic.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  return {
    pattern: topic,
    retain,
    payload,
    topicOf(event) {
      // The pattern refuses an attribute that is missing.
      const text = (value: unknown) => (typeof value === 'string' ? value : '');
      const built = pattern.build(
        Object.fromEntries(names.map((name) => [name, text(event[name])])),
      );
      if (built.length <= mostBytes) return built;
      const message = `A topic "${topic}" would have ${built.length} bytes; AWS IoT takes ${mostBytes}.`;
      throw new HearthError('invalid-topic', message, { field: 'topics' });
    },
  };
}

// https://docs.aws.amazon.com/general/latest/gr/iot-core.html; parameters are ASCII once they are in a topic.
const mostBytes = 256;
const mostSlashes = 7;

function assertDepth(topic: string): void {
  const slashes = topic.split('/').length - 1;
  if (slashes <= mostSlashes) return;
  const message = `The topic "${topic}" has ${slashes} slashes; AWS IoT takes ${mostSlashes}.`;
  throw new HearthError('invalid-topic', message, { field: 'topics' });
}
