import { answerOf, brokenTrigger, type BrokenTrigger } from './broken-trigger.ts';

/** Triggers that answer their host wrongly, or run on another runtime than they were given. */
export const brokenAnswers: readonly BrokenTrigger[] = [
  brokenTrigger(
    'acknowledges whatever the verdict is',
    [
      'acknowledges nothing while the store is down',
      'acknowledges only what is done, when one record of three cannot be saved',
      'does what is delivered again after the store is back',
      'acknowledges nothing that it could not bury',
      'does not acknowledge a message whose outputs cannot be published, if there is no sweep',
      'loses nothing and does nothing twice, wherever the process dies',
    ],
    { answer: () => 'acknowledged' },
  ),
  brokenTrigger(
    'has rejected messages delivered again',
    [
      'buries what a step rejects',
      'buries a payload that is no JSON',
      'buries JSON that is no event',
      'buries an event that is not valid',
      'buries data that does not fit',
      'takes no others with a message that is no event and comes first',
      'takes no others with a message that is no event and comes second',
      'takes no others with a message that is no event and comes last',
      'takes no others with a message whose data does not fit',
      'buries what a device says for another, and raises an alarm',
      'takes no word of a message for who speaks',
    ],
    {
      answer: ({ verdict }) => (verdict === 'done' ? 'acknowledged' : 'redelivered'),
    },
  ),
  brokenTrigger(
    'has a message of an unknown type delivered again',
    ['acknowledges an event of a type that nobody knows, and makes no dead letter of it'],
    {
      answer: (handled, { event }) =>
        'type' in event && event.type.startsWith('com.other') ? 'redelivered' : answerOf(handled),
    },
  ),
  brokenTrigger(
    'refuses a message when the store is down',
    [
      'acknowledges nothing while the store is down',
      'acknowledges only what is done, when one record of three cannot be saved',
      'does what is delivered again after the store is back',
    ],
    {
      answer: (handled) => (handled.code === 'store-unavailable' ? 'refused' : answerOf(handled)),
    },
  ),
  brokenTrigger(
    'acknowledges what is saved and not published',
    [
      'acknowledges nothing that it could not bury',
      'does not acknowledge a message whose outputs cannot be published, if there is no sweep',
      'loses nothing and does nothing twice, wherever the process dies',
    ],
    {
      answer: (handled) =>
        handled.code === 'publisher-unavailable' ? 'acknowledged' : answerOf(handled),
    },
  ),
  brokenTrigger(
    'keeps to itself what is emitted',
    [
      'acknowledges a message when it is saved and what it emits is published',
      'gives no second effect to a message that is delivered again',
      'does not acknowledge a message whose outputs cannot be published, if there is no sweep',
      'loses nothing and does nothing twice, wherever the process dies',
      'buries what a device says for another, and raises an alarm',
    ],
    {
      runtime: (runtime) => ({
        ...runtime,
        publisher: { publish: async (events) => events.map(() => ({ outcome: 'published' })) },
      }),
    },
  ),
  brokenTrigger(
    'promises a sweep that nobody makes',
    [
      'does not acknowledge a message whose outputs cannot be published, if there is no sweep',
      'loses nothing and does nothing twice, wherever the process dies',
    ],
    {
      runtime: (runtime) => ({ ...runtime, sweep: true }),
    },
  ),
  brokenTrigger(
    'does not tell that there is a sweep',
    ['acknowledges a message whose outputs a sweep will publish'],
    {
      runtime: (runtime) => ({ ...runtime, sweep: false }),
    },
  ),
];
