import type { App, Principal, Runtime } from '@hearth/core';
import { encodeHttpBinary } from '@hearth/core/event';
import {
  fromEventGrid,
  fromEventHub,
  fromHttp,
  fromServiceBus,
} from '@hearth/emulators/azure-host';
import { triggerCases } from '@hearth/testing/conformance';
import type { HostAnswer, OpenTrigger, TriggerMessage } from '@hearth/testing/conformance';
import { describe, it } from 'vitest';
import {
  freshName,
  oneByOne,
  opener,
  stamp,
  textOf,
  together,
  worker,
  type Split,
} from '../../test/worker.ts';
import { blob, eventGrid, eventHub, http, iotHub, serviceBus } from '../index.ts';
import type { AzureMessage, EventGridFunction, HttpOptions } from '../index.ts';

const bytes = (text: string) => Buffer.from(text);
const place = { connection: 'CONNECTION' };

/** The channel of the tests: a property that no sender of a case can set. */
const channel = ({ properties }: AzureMessage) =>
  JSON.parse(String(properties['x-principal'])) as Principal;
const proof = ({ principal }: TriggerMessage) => ({ 'x-principal': JSON.stringify(principal) });

/** The attributes of binary mode among application properties, as AMQP has them. */
function binary(message: TriggerMessage, prefix: string) {
  if (!('event' in message)) return { properties: {}, body: bytes(message.raw), contentType: '' };
  const { headers, body } = encodeHttpBinary(message.event);
  const { data, data_base64: _, ...attributes } = message.event;
  const { datacontenttype: __, ...rest } = attributes;
  const named = Object.entries(rest).map(([name, value]) => [`${prefix}${name}`, value]);
  return {
    properties: Object.fromEntries(named) as Readonly<Record<string, unknown>>,
    body: data === undefined ? bytes('') : Buffer.from(body as Uint8Array),
    contentType: headers['content-type'] ?? '',
  };
}

function hub(mode: 'structured' | 'binary'): OpenTrigger {
  return opener(
    (app, runtime) => {
      const name = freshName();
      const options = { ...runtime, ...place, eventHubName: 'readings', principal: channel };
      worker.app.eventHub(name, eventHub(app, options));
      return (messages) =>
        fromEventHub(
          worker,
          name,
          messages.map((message) => {
            if (mode === 'structured')
              return { body: bytes(textOf(message)), properties: proof(message) };
            const { properties, body, contentType } = binary(message, 'cloudEvents:');
            return {
              body,
              properties: { ...properties, ...proof(message) },
              systemProperties: { 'content-type': contentType },
            };
          }),
        );
    },
    together,
    true,
  );
}

const devices: OpenTrigger = opener(
  (app, runtime) => {
    const name = freshName();
    worker.app.eventHub(name, iotHub(app, { ...runtime, ...place, eventHubName: 'iot' }));
    return (messages) =>
      fromEventHub(
        worker,
        name,
        messages.map((message) => ({
          body: bytes(textOf(message)),
          systemProperties: stamp(message.principal),
        })),
      );
  },
  together,
  true,
);

function bus(cardinality: 'one' | 'many', isSessionsEnabled: boolean, split: Split): OpenTrigger {
  return opener(
    (app, runtime) => {
      const name = freshName();
      const how = { cardinality, isSessionsEnabled, principal: channel, queueName: 'q' };
      worker.app.serviceBusQueue(name, serviceBus(app, { ...runtime, ...place, ...how }));
      return (messages) =>
        fromServiceBus(
          worker,
          name,
          messages.map((message) => ({
            body: bytes(textOf(message)),
            applicationProperties: proof(message),
            ...(isSessionsEnabled ? { sessionId: message.principal.id } : {}),
          })),
        );
    },
    split,
    isSessionsEnabled,
  );
}

const bySender: Split = (messages) => {
  const senders = new Map<string, TriggerMessage[]>();
  for (const message of messages) {
    const { id } = message.principal;
    senders.set(id, [...(senders.get(id) ?? []), message]);
  }
  return [...senders.values()];
};

/** A subscription proves nothing but that it is this one, so there is one for each sender. */
function grid(
  make: (app: App, runtime: Runtime, principal: Principal) => EventGridFunction,
  eventOf: (message: TriggerMessage) => unknown,
): OpenTrigger {
  return opener(
    (app, runtime) => {
      const known = new Map<string, string>();
      return async ([message]) => {
        if (message === undefined) return;
        const { principal } = message;
        const name = known.get(principal.id) ?? freshName();
        if (!known.has(principal.id)) worker.app.eventGrid(name, make(app, runtime, principal));
        known.set(principal.id, name);
        await fromEventGrid(worker, name, eventOf(message));
      };
    },
    oneByOne,
    false,
  );
}

/** Event Grid carries JSON only; what is none can come as a text. */
function jsonOf(message: TriggerMessage): unknown {
  if ('event' in message) return message.event;
  try {
    return JSON.parse(message.raw);
  } catch {
    return message.raw;
  }
}

function ownSchema(message: TriggerMessage): unknown {
  if (!('event' in message)) return jsonOf(message);
  const { id, source, subject, type, time, data } = message.event;
  const versions = { dataVersion: '1', metadataVersion: '1' };
  return { id, topic: source, subject, eventType: type, eventTime: time, data, ...versions };
}

function telemetry(message: TriggerMessage): unknown {
  return {
    specversion: '1.0',
    id: 'grid-1',
    source: '/SUBSCRIPTIONS/1/RESOURCEGROUPS/2/PROVIDERS/MICROSOFT.DEVICES/IOTHUBS/ACME',
    subject: `devices/${message.principal.id}`,
    type: 'Microsoft.Devices.DeviceTelemetry',
    time: '2024-01-01T00:00:00Z',
    data: {
      properties: {},
      systemProperties: stamp(message.principal),
      body: bytes(textOf(message)).toString('base64'),
    },
  };
}

// The table of the CloudEvents webhook: what a sender does with an answer.
const hostAnswer = (status: number): HostAnswer =>
  status < 300 ? 'acknowledged' : status === 409 || status >= 500 ? 'redelivered' : 'refused';

function web(mode: 'structured' | 'binary', rest: Partial<HttpOptions> = {}): OpenTrigger {
  return (app, runtime) => {
    const name = freshName();
    const authenticate: HttpOptions['authenticate'] = ({ headers }) =>
      JSON.parse(headers.get('x-principal') ?? '') as Principal;
    worker.app.http(name, http(app, { ...runtime, logs: 'context', authenticate, ...rest }));
    const send = async (message: TriggerMessage) => {
      const structured = { 'content-type': 'application/cloudevents+json' };
      const output =
        mode === 'binary' && 'event' in message
          ? encodeHttpBinary(message.event)
          : { headers: structured, body: textOf(message) };
      const headers = { ...output.headers, ...proof(message) };
      const { status } = await fromHttp(worker, name, {
        headers,
        body: Buffer.from(output.body as Uint8Array),
      });
      return hostAnswer(status);
    };
    return Promise.resolve({
      async deliver(messages) {
        const answers: HostAnswer[] = [];
        for (const message of messages) answers.push(await send(message));
        return answers;
      },
    });
  };
}

const noText = 'keeps the text of a message that is no event'; // What is no JSON comes as a JSON text, and is kept as one.
const asSent = 'hands on an event as it was sent';

const ways: readonly (readonly [name: string, open: OpenTrigger, ...not: string[]])[] = [
  ['eventHub, structured', hub('structured')],
  // Numbers and booleans among the properties become texts, for that is what an attribute without a known type is.
  ['eventHub, binary', hub('binary'), asSent],
  ['iotHub', devices],
  ['serviceBus, one', bus('one', false, oneByOne)],
  ['serviceBus, many', bus('many', false, together)],
  ['serviceBus, sessions', bus('many', true, bySender)],
  [
    'eventGrid, CloudEvents schema',
    grid((app, runtime, principal) => eventGrid(app, { ...runtime, principal }), jsonOf),
    noText,
  ],
  [
    'eventGrid, own schema',
    grid((app, runtime, principal) => eventGrid(app, { ...runtime, principal }), ownSchema),
    noText,
    // This schema has no room for extensions.
    asSent,
  ],
  [
    'eventGrid, telemetry',
    grid((app, runtime) => eventGrid(app, { ...runtime, telemetry: true }), telemetry),
  ],
  [
    'blob, other events',
    grid((app, runtime, principal) => blob(app, { ...runtime, blobs: {}, principal }), jsonOf),
    noText,
  ],
  ['http, structured', web('structured')],
  // A header is text as well.
  ['http, binary', web('binary'), asSent],
  ['http, to a sender that files dead letters', web('structured', { rejected: 'refuse' })],
];

describe.each(ways.map(([name, open, ...not]) => ({ name, open, not })))(
  '$name,',
  ({ open, not }) => {
    it.each(triggerCases.filter(({ name }) => !not.includes(name)))('$name', ({ run }) =>
      run(open),
    );
  },
);
