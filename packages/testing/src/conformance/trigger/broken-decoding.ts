import type { Input } from '@hearth/core';
import type { CloudEvent } from '@hearth/core/event';
import { brokenTrigger, type BrokenTrigger, type TriggerDefect } from './broken-trigger.ts';

/** Triggers that hand on something else than what came. */
export const brokenDecoding: readonly BrokenTrigger[] = [
  brokenTrigger(
    'hands on data that it cannot read as an empty reading',
    [
      'buries data that does not fit',
      'takes no others with a message whose data does not fit',
      'acknowledges nothing that it could not bury',
    ],
    {
      input: changing((event) => (isReading(event) ? event : { ...event, data: { by: 0 } })),
    },
  ),
  brokenTrigger('makes an event of what is none', ['buries an event that is not valid'], {
    input: (input, message) =>
      'raw' in message && message.raw.includes('specversion') && message.raw.endsWith('}')
        ? { ...input, event: { ...eventOf(message.raw), id: 'e1', specversion: '1.0' } }
        : input,
  }),
  brokenTrigger(
    'forgets the text of a message that is no event',
    ['keeps the text of a message that is no event'],
    {
      input: ({ event, principal, raw = '' }) => ({ event, principal, id: raw }),
    },
  ),
  brokenTrigger(
    'gives each delivery an id of its own',
    [
      'hands on an event as it was sent',
      'applies the messages of a subject in their order, if it promises so',
      'gives no second effect to a message that is delivered again',
      'gives no second effect to a message that is twice in one delivery',
      'loses nothing and does nothing twice, wherever the process dies',
    ],
    freshIds(),
  ),
  brokenTrigger('loses extension attributes', ['hands on an event as it was sent'], {
    input: changing(({ specversion, id, source, type, subject, time, data, dataschema }) => ({
      specversion,
      id,
      source,
      type,
      data,
      ...(subject === undefined ? {} : { subject }),
      ...(time === undefined ? {} : { time }),
      ...(dataschema === undefined ? {} : { dataschema }),
    })),
  }),
  brokenTrigger('writes times anew', ['hands on an event as it was sent'], {
    input: changing((event) =>
      event.time === undefined ? event : { ...event, time: new Date(event.time).toISOString() },
    ),
  }),
  brokenTrigger(
    'takes everybody for a service',
    [
      'buries what a device says for another, and raises an alarm',
      'takes no word of a message for who speaks',
    ],
    {
      input: (input) => ({ ...input, principal: { kind: 'service', id: 'gateway' } }),
    },
  ),
  brokenTrigger('takes the source for who speaks', ['takes no word of a message for who speaks'], {
    input: (input) => {
      const { event } = input;
      const own = 'source' in event && event.source === 'urn:acme:meters';
      return own ? { ...input, principal: { kind: 'app', id: event.source } } : input;
    },
  }),
  brokenTrigger(
    'takes an attribute for who speaks',
    ['takes no word of a message for who speaks'],
    {
      input: (input) => {
        const { event } = input;
        const id = 'authid' in event ? event['authid'] : undefined;
        return typeof id === 'string' ? { ...input, principal: { kind: 'service', id } } : input;
      },
    },
  ),
];

/** Changes events and leaves alone what is none. */
function changing(change: (event: CloudEvent) => CloudEvent): (input: Input) => Input {
  return (input) => ('type' in input.event ? { ...input, event: change(input.event) } : input);
}

function isReading({ data }: CloudEvent): boolean {
  return typeof (data as { readonly by?: unknown } | null)?.by === 'number';
}

function eventOf(raw: string): CloudEvent {
  return JSON.parse(raw) as CloudEvent;
}

function freshIds(): TriggerDefect {
  let count = 0;
  const input = changing((event) => {
    count += 1;
    return { ...event, id: `delivery-${count}` };
  });
  return { input };
}
