import { brokenTrigger, type BrokenTrigger, type TriggerDefect } from './broken-trigger.ts';
import type { HostAnswer, TriggerMessage } from './trigger-case.ts';

/** Triggers that drop messages, mix them up, or let one decide about others. */
export const brokenDeliveries: readonly BrokenTrigger[] = [
  brokenTrigger(
    'acknowledges a message that is no event and drops it',
    [
      'buries a payload that is no JSON',
      'buries JSON that is no event',
      'buries an event that is not valid',
      'keeps the text of a message that is no event',
      'takes no others with a message that is no event and comes first',
      'takes no others with a message that is no event and comes second',
      'takes no others with a message that is no event and comes last',
      'acknowledges nothing that it could not bury',
    ],
    {
      deliver: dropping((message) => 'raw' in message, 'acknowledged'),
    },
  ),
  brokenTrigger(
    'has a message that is no event delivered again',
    [
      'buries a payload that is no JSON',
      'buries JSON that is no event',
      'buries an event that is not valid',
      'keeps the text of a message that is no event',
      'takes no others with a message that is no event and comes first',
      'takes no others with a message that is no event and comes second',
      'takes no others with a message that is no event and comes last',
    ],
    {
      deliver: dropping((message) => 'raw' in message, 'redelivered'),
    },
  ),
  brokenTrigger(
    'fails a whole delivery for one message that is no event',
    [
      'buries a payload that is no JSON',
      'buries JSON that is no event',
      'buries an event that is not valid',
      'keeps the text of a message that is no event',
      'takes no others with a message that is no event and comes first',
      'takes no others with a message that is no event and comes second',
      'takes no others with a message that is no event and comes last',
    ],
    {
      deliver: async (messages, deliver) =>
        messages.some((message) => 'raw' in message)
          ? messages.map(() => 'redelivered')
          : deliver(messages),
    },
  ),
  brokenTrigger(
    'stops at a message that is no event',
    [
      'takes no others with a message that is no event and comes first',
      'takes no others with a message that is no event and comes second',
      'acknowledges nothing that it could not bury',
    ],
    {
      async deliver(messages, deliver) {
        const end = messages.findIndex((message) => 'raw' in message) + 1;
        const answers = await deliver(end > 0 ? messages.slice(0, end) : messages);
        return messages.map((_, index) => answers[index] ?? 'acknowledged');
      },
    },
  ),
  brokenTrigger(
    'gives up a delivery when a step fails',
    ['takes no others with a message whose step fails, and does not lose it'],
    {
      deliver: async (messages, deliver) =>
        messages.some((each) => 'event' in each && each.event.type.endsWith('broken'))
          ? messages.map(() => 'redelivered')
          : deliver(messages),
    },
  ),
  brokenTrigger(
    'fails a whole delivery for data that does not fit',
    ['takes no others with a message whose data does not fit'],
    {
      deliver: async (messages, deliver) =>
        messages.length > 1 && messages.some((each) => 'event' in each && each.event.data === null)
          ? messages.map(() => 'redelivered')
          : deliver(messages),
    },
  ),
  brokenTrigger(
    'acknowledges a step that fails',
    ['takes no others with a message whose step fails, and does not lose it'],
    {
      deliver: dropping(
        (each) => 'event' in each && each.event.type.endsWith('broken'),
        'acknowledged',
      ),
    },
  ),
  brokenTrigger('takes an empty payload for a sign of life', ['buries a payload that is no JSON'], {
    deliver: dropping((message) => 'raw' in message && message.raw === '', 'acknowledged'),
  }),
  brokenTrigger('takes null for a sign of life', ['buries JSON that is no event'], {
    deliver: dropping((message) => 'raw' in message && message.raw === 'null', 'acknowledged'),
  }),
  brokenTrigger(
    'drops what is no JSON',
    [
      'buries a payload that is no JSON',
      'buries JSON that is no event',
      'keeps the text of a message that is no event',
    ],
    {
      deliver: dropping(
        (message) => 'raw' in message && /^temp|^\{"t|"ty$/.test(message.raw),
        'acknowledged',
      ),
    },
  ),
  brokenTrigger(
    'answers backwards',
    ['acknowledges only what is done, when one record of three cannot be saved'],
    {
      deliver: async (messages, deliver) => (await deliver(messages)).toReversed(),
    },
  ),
  brokenTrigger(
    'handles a delivery backwards',
    ['applies the messages of a subject in their order, if it promises so'],
    {
      deliver: async (messages, deliver) => (await deliver(messages.toReversed())).toReversed(),
    },
  ),
  brokenTrigger(
    'handles the first ten of a delivery',
    [
      'handles each of 50 messages of one delivery',
      'applies the messages of a subject in their order, if it promises so',
    ],
    {
      async deliver(messages, deliver) {
        const answers = await deliver(messages.slice(0, 10));
        return messages.map((_, index) => answers[index] ?? 'acknowledged');
      },
    },
  ),
  brokenTrigger(
    'tells nobody that a device spoke for another',
    ['buries what a device says for another, and raises an alarm'],
    {
      deliver: dropping((each) => each.principal.id === 'mallory', 'refused'),
    },
  ),
];

/** Answers some messages without handing them on. */
function dropping(
  drops: (message: TriggerMessage) => boolean,
  answer: HostAnswer,
): Required<TriggerDefect>['deliver'] {
  return async (messages, deliver) => {
    const answers = [...(await deliver(messages.filter((message) => !drops(message))))];
    return messages.map((message) =>
      drops(message) ? answer : (answers.shift() ?? 'redelivered'),
    );
  };
}
