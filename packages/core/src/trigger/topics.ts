import { checkEvent } from '../event/attributes.ts';
import { HearthError } from '../event/error.ts';
import { topicPattern } from '../event/topic.ts';
import { anonymous, type Principal } from '../ports/principal.ts';
import { principalFrom } from './given.ts';
import type { Plain } from './plain.ts';
import { identify, type Identify, type TopicPrincipal } from './sender.ts';

/** What is published on the topics of a pattern. A CloudEvent is taken on all of them. */
export interface TopicRule {
  /** The type of the event that a plain payload becomes; without one, a plain payload is rejected. */
  readonly type?: string;
  /** The `{…}` of the pattern that is the event's subject: `device` unless given, or the only one there is. */
  readonly subject?: string;
  /** The property of a plain payload that identifies it, such as a counter of the device. */
  readonly id?: string;
  /** What a plain payload is, where the message does not say: `application/json` unless given. */
  readonly contentType?: string;
  /** Makes the event's data of a plain payload; what is neither JSON nor text comes as base64. What it throws makes the message `invalid-data`. */
  readonly data?: (payload: unknown, params: Readonly<Record<string, string>>) => unknown;
  /** How the sender is known on these topics, where that differs from the rest. */
  readonly principal?: TopicPrincipal;
}

/** What is published where: patterns such as `device/{device}/temperature`, the first that matches counts. */
export type TopicRules = Readonly<Record<string, TopicRule>>;

/** How topics are read, besides their patterns. */
export interface TopicMapOptions {
  /** How senders are known; `anonymous` unless given, who may speak for nothing. */
  readonly principal?: TopicPrincipal;
  /** The scheme of the source of a plain payload, which is `<scheme>:<topic>`; `mqtt` unless given. */
  readonly scheme?: string;
  /**
   * How names are spelled: `topic` (the default) as `topicPattern` builds them, where anything unusual is escaped; `raw` as they are, for names
   * of objects in a bucket, whose levels may have any signs.
   */
  readonly spelling?: 'topic' | 'raw';
}

/** One topic, as the patterns see it. */
export interface Place {
  readonly topic: string;
  /** The pattern that matches; `undefined` if none does, and then nothing here says who the sender is. */
  readonly pattern: string | undefined;
  /** The values of the topic's `{…}`. */
  readonly params: Readonly<Record<string, string>>;
  /** The subject of a plain payload; `undefined` on a topic without parameters, or that no pattern matches. */
  readonly subject: string | undefined;
  /** What a message here is if it holds no CloudEvent: `otherwise` of a `Message`. */
  readonly otherwise: Plain | HearthError;
  /** Who sent a message with these properties, or why it is refused. */
  sender(attributes?: Readonly<Record<string, unknown>> | null): Principal | HearthError;
}

/** The patterns of a trigger. */
export interface TopicMap {
  /** The topic filters to subscribe to, without repetitions. */
  readonly filters: readonly string[];
  /** Whether on any topic the sender is known. */
  readonly areProved: boolean;
  /** What is known of a topic, also if no pattern matches. */
  at(topic: string): Place;
}

interface Rule {
  readonly pattern: string;
  readonly match: (topic: string) => Readonly<Record<string, string>> | undefined;
  readonly options: TopicRule;
  readonly subject: string | undefined;
  readonly identify: Identify;
}

// A topic costs some hundred bytes to remember, and a fleet has many; a name that a device has made long is not worth it.
const mostKnown = 20_000;
const longestKnown = 512;

/**
 * Compiles topic patterns, by which plain payloads get a type, a subject and a sender: those of an MQTT broker, and of the cloud services
 * that hand on what came by one.
 *
 * @throws {HearthError} `invalid-topic` for a pattern that is none, `invalid-option` for a subject that the pattern has not, for a
 * plain payload that would be about nothing, and for a principal that cannot come from the pattern.
 */
export function topicMap(topics: TopicRules, options: TopicMapOptions = {}): TopicMap {
  const { principal = 'anonymous', scheme = 'mqtt', spelling = 'topic' } = options;
  const patterns = Object.entries(topics);
  const matcher = spelling === 'raw' ? rawMatcher : topicMatcher;
  const rules = patterns.map(([pattern, rule]) =>
    ruleOf(pattern, rule, principal, matcher(pattern)),
  );
  const known = new Map<string, Place>();
  const filters = patterns.map(([pattern]) => topicPattern(pattern).filter);
  return {
    filters: [...new Set(filters)],
    areProved: patterns.some(([, { principal: own = principal }]) => own !== 'anonymous'),
    at(topic) {
      const before = known.get(topic);
      if (before !== undefined) return before;
      const place = placeOf(rules, topic, scheme);
      if (topic.length > longestKnown) return place;
      if (known.size >= mostKnown) known.clear();
      known.set(topic, place);
      return place;
    },
  };
}

type Match = Rule['match'];

const topicMatcher = (pattern: string): Match => topicPattern(pattern).match;

const level = topicPattern('{level}');
const spelled = (text: string): string => level.build({ level: text });

/** Matches names by spelling them, and the fixed levels of the pattern, as a topic would. */
function rawMatcher(pattern: string): Match {
  topicPattern(pattern);
  const levels = pattern.split('/').map((one) => (/^\{\w+\}$/.test(one) ? one : spelled(one)));
  const { match } = topicPattern(levels.join('/'));
  return (name) => {
    try {
      return match(name.split('/').map(spelled).join('/'));
    } catch {
      // An empty level: no topic can have it.
      return undefined;
    }
  };
}

function ruleOf(
  pattern: string,
  options: TopicRule,
  principal: TopicPrincipal,
  match: Match,
): Rule {
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const preferred = names.includes('device') ? 'device' : names.length === 1 ? names[0] : undefined;
  const subject = options.subject ?? preferred;
  if (subject !== undefined && !names.includes(subject)) {
    refuse(pattern, `its subject "${subject}" is no {…} of it`, 'subject');
  }
  if (options.type !== undefined && subject === undefined) {
    refuse(pattern, 'a plain payload needs a subject: name one of its {…}', 'subject');
  }
  if (options.type !== undefined)
    checkEvent({ specversion: '1.0', id: '1', source: '/', type: options.type });
  const who = identify(options.principal ?? principal, pattern);
  return { pattern, match, options, subject, identify: who };
}

function refuse(pattern: string, why: string, field: string): never {
  throw new HearthError('invalid-option', `The topic pattern "${pattern}": ${why}.`, { field });
}

const none = {};

function placeOf(rules: readonly Rule[], topic: string, scheme: string): Place {
  // No topic can have half of a character, and no URI.
  const possible = /\p{Surrogate}/u.test(topic) ? [] : rules;
  for (const { pattern, match, options, subject, identify: who } of possible) {
    const params = match(topic);
    if (params === undefined) continue;
    const about = subject === undefined ? undefined : params[subject];
    return {
      topic,
      pattern,
      params,
      subject: about,
      otherwise: plainOf(options, params, { source: `${scheme}:${encodeURI(topic)}`, about }),
      sender: (attributes) => principalFrom(who, { topic, params, attributes: attributes ?? none }),
    };
  }
  const otherwise = noPlain('no topic pattern matches');
  const unknown = { pattern: undefined, params: none, subject: undefined };
  return { topic, ...unknown, otherwise, sender: () => anonymous };
}

function plainOf(
  { type, id, contentType, data }: TopicRule,
  params: Place['params'],
  { source, about }: { readonly source: string; readonly about: string | undefined },
): Plain | HearthError {
  if (type === undefined) return noPlain('the topic pattern has no type');
  const make = data === undefined ? undefined : (payload: unknown) => data(payload, params);
  return { type, source, subject: about, idFrom: id, contentType, data: make };
}

function noPlain(why: string): HearthError {
  return new HearthError('unsupported-media-type', `The message holds no CloudEvent, and ${why}.`, {
    field: 'topic',
  });
}
