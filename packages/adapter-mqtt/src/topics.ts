import { HearthError } from '@hearth/core';
import { checkEvent, topicPattern } from '@hearth/core/event';
import { identify, type Identify, type PrincipalFrom } from './identity.ts';

/** What is published on the topics of a pattern. A CloudEvent is taken on all of them. */
export interface TopicOptions {
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
  readonly principal?: PrincipalFrom;
}

/** What is published where: patterns such as `device/{device}/temperature`, the first that matches counts. */
export type Topics = Readonly<Record<string, TopicOptions>>;

/** One topic, as the patterns see it. */
export interface Place {
  readonly params: Readonly<Record<string, string>>;
  readonly identify: Identify;
  readonly options: TopicOptions;
  /** The subject of a plain payload; `undefined` on a topic without parameters, or that no pattern matches. */
  readonly subject: string | undefined;
  /** The source of a plain payload: the topic itself. */
  readonly source: string;
}

/** The patterns of a trigger. */
export interface Places {
  /** The topic filters to subscribe to, without repetitions. */
  readonly filters: readonly string[];
  /** Whether on any topic the sender is known. */
  readonly areProved: boolean;
  /** What is known of a topic; `undefined` if no pattern matches. */
  find(topic: string): Place | undefined;
}

interface Rule {
  readonly match: (topic: string) => Readonly<Record<string, string>> | undefined;
  readonly options: TopicOptions;
  readonly subject: string | undefined;
  readonly identify: Identify;
}

// A topic costs some hundred bytes to remember, and a fleet has many.
const mostKnown = 20_000;

/**
 * Compiles the patterns of a trigger.
 *
 * @throws {HearthError} `invalid-topic` for a pattern that is none, `invalid-option` for a subject that the pattern has not, for a
 * plain payload that would be about nothing, and for a principal that cannot come from the pattern.
 */
export function places(topics: Topics, principal: PrincipalFrom): Places {
  const patterns = Object.entries(topics);
  const rules = patterns.map(([pattern, options]) => ruleOf(pattern, options, principal));
  const known = new Map<string, Place | undefined>();
  const filters = patterns.map(([pattern]) => topicPattern(pattern).filter);
  return {
    filters: [...new Set(filters)],
    areProved: patterns.some(([, { principal: own = principal }]) => own !== 'anonymous'),
    find(topic) {
      if (known.has(topic)) return known.get(topic);
      const place = placeOf(rules, topic);
      if (known.size >= mostKnown) known.clear();
      known.set(topic, place);
      return place;
    },
  };
}

function ruleOf(pattern: string, options: TopicOptions, principal: PrincipalFrom): Rule {
  const { match } = topicPattern(pattern);
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
  return { match, options, subject, identify: identify(options.principal ?? principal, pattern) };
}

function refuse(pattern: string, why: string, field: string): never {
  throw new HearthError('invalid-option', `The topic pattern "${pattern}": ${why}.`, { field });
}

function placeOf(rules: readonly Rule[], topic: string): Place | undefined {
  for (const { match, options, subject, identify: who } of rules) {
    const params = match(topic);
    if (params === undefined) continue;
    const source = `mqtt:${encodeURI(topic)}`;
    return {
      params,
      options,
      identify: who,
      source,
      subject: subject === undefined ? undefined : params[subject],
    };
  }
  return undefined;
}
