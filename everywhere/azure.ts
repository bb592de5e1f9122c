import {
  blob,
  eventGrid,
  eventHub,
  http,
  iotHub,
  serviceBus,
  timer,
  type AzureMessage,
  type EventGridFunction,
  type FunctionRequest,
} from '@hearth/adapter-azure';
import type { Principal, Runtime } from '@hearth/core';
import { encodeHttpBinary } from '@hearth/core/event';
import * as host from '@hearth/emulators/azure-host';
import type { TriggerMessage } from '@hearth/testing/conformance';
import { freshName, stamp, textOf, worker } from '../packages/adapter-azure/test/worker.ts';
import { app } from './home.ts';
import {
  byStatus,
  isPlain,
  channelLimits,
  variant,
  type Answer,
  type Limit,
  type Running,
  type Way,
} from './way.ts';

type Messages = readonly TriggerMessage[];

/** What hands messages to a function that has been registered; it rejects if they must come again. */
type Deliver = (messages: Messages) => Promise<unknown>;

const { devicesOnly, jsonOnly, noExtensions, textAttributes } = channelLimits;
const bytes = (text: string) => Buffer.from(text);
const place = { connection: 'CONNECTION' };

/** The channel of the tests: a property that no sender can set. */
const channel = ({ properties }: AzureMessage) =>
  JSON.parse(String(properties['x-principal'])) as Principal;
const proof = ({ principal }: TriggerMessage) => ({ 'x-principal': JSON.stringify(principal) });

/** The schedule of the function app. */
function sweeping(runtime: Runtime): () => Promise<void> {
  const name = freshName();
  worker.app.timer(name, timer(app, { ...runtime, schedule: '0 * * * * *' }));
  return async () => void (await host.fromTimer(worker, name));
}

type Rest = Pick<Way, 'limits' | 'batches'>;

/** A way whose host knows no more than whether the function threw. */
function way(name: string, register: (runtime: Runtime) => Deliver, rest: Rest = {}): Way {
  return {
    name,
    ...rest,
    open(runtime): Running {
      const deliver = register(runtime);
      return {
        deliver: (messages) =>
          deliver(messages).then(
            () => messages.map(() => 'acknowledged'),
            () => messages.map(() => 'redelivered'),
          ),
        sweep: sweeping(runtime),
      };
    },
  };
}

function hub(mode: 'structured' | 'binary'): (runtime: Runtime) => Deliver {
  return (runtime) => {
    const name = freshName();
    const options = { ...runtime, ...place, eventHubName: 'readings', principal: channel };
    worker.app.eventHub(name, eventHub(app, options));
    const messageOf = mode === 'binary' ? binary : structured;
    return (messages) => host.fromEventHub(worker, name, messages.map(messageOf));
  };
}

const structured = (message: TriggerMessage): host.HubMessage => ({
  body: bytes(textOf(message)),
  properties: proof(message),
});

/** The attributes of binary mode among application properties, as AMQP has them. */
function binary(message: TriggerMessage): host.HubMessage {
  if (!('event' in message)) return structured(message);
  const { headers, body } = encodeHttpBinary(message.event);
  const { data: _, datacontenttype: __, ...attributes } = message.event;
  const named = Object.entries(attributes).map(([name, value]) => [`cloudEvents:${name}`, value]);
  return {
    body: Buffer.from(body as Uint8Array),
    properties: { ...(Object.fromEntries(named) as object), ...proof(message) },
    systemProperties: { 'content-type': headers['content-type'] },
  };
}

function devices(runtime: Runtime): Deliver {
  const name = freshName();
  worker.app.eventHub(name, iotHub(app, { ...runtime, ...place, eventHubName: 'iot' }));
  return (messages) =>
    host.fromEventHub(
      worker,
      name,
      messages.map((message) => ({
        body: bytes(textOf(message)),
        systemProperties: stamp(message.principal),
      })),
    );
}

function bus(cardinality: 'one' | 'many', isSessionsEnabled = false) {
  return (runtime: Runtime): Deliver => {
    const name = freshName();
    const how = { cardinality, isSessionsEnabled, principal: channel, queueName: 'q' };
    worker.app.serviceBusQueue(name, serviceBus(app, { ...runtime, ...place, ...how }));
    const run = (messages: Messages) =>
      host.fromServiceBus(
        worker,
        name,
        messages.map((message) => ({
          body: bytes(textOf(message)),
          applicationProperties: proof(message),
          ...(isSessionsEnabled ? { sessionId: message.principal.id } : {}),
        })),
      );
    if (!isSessionsEnabled) return run;
    return async (messages) => {
      // A run has messages of one session.
      for (const session of new Set(messages.map(({ principal }) => principal.id)))
        await run(messages.filter(({ principal }) => principal.id === session));
    };
  };
}

type Make = (runtime: Runtime, principal: Principal) => EventGridFunction;

/** A subscription proves nothing but that it is this one, so there is one for each sender. */
function grid(make: Make, eventOf: (message: TriggerMessage) => unknown) {
  return (runtime: Runtime): Deliver => {
    const known = new Map<string, string>();
    return async (messages) => {
      for (const message of messages) {
        const { principal } = message;
        const name = known.get(principal.id) ?? freshName();
        if (!known.has(principal.id)) worker.app.eventGrid(name, make(runtime, principal));
        known.set(principal.id, name);
        await host.fromEventGrid(worker, name, eventOf(message));
      }
    };
  };
}

const byGrid: Make = (runtime, principal) => eventGrid(app, { ...runtime, principal });
const jsonOf = (message: TriggerMessage) => JSON.parse(textOf(message)) as unknown;

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

const needsMore: Limit = {
  why: 'every event of this schema has a subject and a time, which may not be empty',
  applies: (message) => 'event' in message && message.event.subject === undefined,
};

function web(mode: 'structured' | 'binary'): Way {
  return {
    name: `http, ${mode} mode`,
    limits: mode === 'binary' ? [textAttributes] : [],
    open(runtime) {
      const name = freshName();
      const authenticate = ({ headers }: Pick<FunctionRequest, 'headers'>) =>
        JSON.parse(headers.get('x-principal') ?? '') as Principal;
      worker.app.http(name, http(app, { ...runtime, logs: 'context', authenticate }));
      const post = async (message: TriggerMessage): Promise<Answer> => {
        const type = isPlain(message) ? 'text/plain' : 'application/cloudevents+json';
        const output =
          mode === 'binary' && 'event' in message
            ? encodeHttpBinary(message.event)
            : { headers: { 'content-type': type }, body: textOf(message) };
        const headers = { ...output.headers, ...proof(message) };
        const body = Buffer.from(output.body as Uint8Array);
        return byStatus((await host.fromHttp(worker, name, { headers, body })).status);
      };
      return {
        deliver: async ([message]) => (message === undefined ? [] : [await post(message)]),
        sweep: sweeping(runtime),
      };
    },
  };
}

const many: Rest = { batches: true };

/** Every way into Azure Functions. */
export const azureWays: readonly Way[] = [
  way('eventHub, structured mode', hub('structured'), many),
  variant(way('eventHub, binary mode', hub('binary'), { ...many, limits: [textAttributes] })),
  way('iotHub', devices, { ...many, limits: [devicesOnly] }),
  variant(way('serviceBus, one message', bus('one'))),
  variant(way('serviceBus, many messages', bus('many'), many)),
  way('serviceBus, sessions', bus('many', true), many),
  way('eventGrid, CloudEvents schema', grid(byGrid, jsonOf), { limits: [jsonOnly] }),
  variant(
    way('eventGrid, own schema', grid(byGrid, ownSchema), {
      limits: [jsonOnly, noExtensions, needsMore],
    }),
  ),
  variant(
    way(
      'eventGrid, telemetry of IoT Hub',
      grid((runtime) => eventGrid(app, { ...runtime, telemetry: true }), telemetry),
      { limits: [devicesOnly] },
    ),
  ),
  way(
    'blob, events of others',
    grid((runtime, principal) => blob(app, { ...runtime, blobs: {}, principal }), jsonOf),
    { limits: [jsonOnly] },
  ),
  web('structured'),
  variant(web('binary')),
];
