import { topicMap, type TopicMap, type TopicRule } from '@hearth/core/trigger';
import { topicPrincipal, type PrincipalFrom } from './identity.ts';

/** What is published on the topics of a pattern. A CloudEvent is taken on all of them. */
export interface TopicOptions extends Omit<TopicRule, 'principal'> {
  /** How the sender is known on these topics, where that differs from the rest. */
  readonly principal?: PrincipalFrom;
}

/** What is published where: patterns such as `device/{device}/temperature`, the first that matches counts. */
export type Topics = Readonly<Record<string, TopicOptions>>;

/**
 * Compiles the patterns of a trigger.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option`, as `topicMap`; `invalid-option` also for a user property that a device could
 * set as an attribute of an event.
 */
export function places(topics: Topics, principal: PrincipalFrom): TopicMap {
  const rules = Object.entries(topics).map(([pattern, { principal: own, ...rule }]) => {
    const known = own === undefined ? rule : { ...rule, principal: topicPrincipal(own) };
    return [pattern, known] as const;
  });
  return topicMap(Object.fromEntries(rules), { principal: topicPrincipal(principal) });
}
