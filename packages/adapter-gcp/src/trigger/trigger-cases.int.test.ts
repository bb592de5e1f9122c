import type { App, Principal, Runtime } from '@hearth/core';
import type { CloudFunction } from '@hearth/emulators/functions-framework';
import { triggerCases, type HostAnswer, type OpenTrigger } from '@hearth/testing/conformance';
import type { TriggerMessage } from '@hearth/testing/conformance';
import { beforeEach, describe, it, vi } from 'vitest';
import {
  eventarc,
  pushed,
  silent,
  speakerOf,
  structured,
  type Sent,
} from '../../test/deliveries.ts';
import { caller, token } from '../../test/google-token.ts';
import { functionAt } from '../../test/one-function.ts';
import { cloudEvent } from './cloud-event.ts';
import { http } from './http.ts';
import { pubsub } from './pubsub.ts';
import { pubsubEvent } from './pubsub-event.ts';
import { storage } from './storage.ts';

/** A trigger in its function, and how a host calls it. */
interface Way {
  readonly name: string;
  readonly make: (app: App, runtime: Runtime, who: () => Principal) => CloudFunction;
  readonly send: (message: TriggerMessage) => Sent;
  /** What the host does with an answer. */
  readonly answerOf: (status: number) => HostAnswer;
  /** Cases that cannot hold, with their reasons. */
  readonly not?: Readonly<Record<string, string>>;
}

// https://cloud.google.com/pubsub/docs/push#receive_push
const acknowledging = new Set([102, 200, 201, 202, 204]);
const byPubsub = (status: number): HostAnswer =>
  acknowledging.has(status) ? 'acknowledged' : 'redelivered';
const byBroker = (status: number): HostAnswer => {
  if (status >= 200 && status < 300) return 'acknowledged';
  return [404, 408, 409, 429].includes(status) || status >= 500 ? 'redelivered' : 'refused';
};

const texts = { 'hands on an event as it was sent': 'attributes are texts in binary mode' };
const principal = (delivery: { readonly attributes: Readonly<Record<string, string>> }) =>
  speakerOf(delivery.attributes);
const published = 'google.cloud.pubsub.topic.v1.messagePublished';
const topic = '//pubsub.googleapis.com/projects/acme/topics/readings';
const json = { 'content-type': 'application/json' };
const authorization = `Bearer ${await token()}`;

const ways: readonly Way[] = [
  ...(['structured', 'binary'] as const).flatMap((mode): Way[] => [
    {
      name: `pubsub, ${mode}`,
      make: (app, runtime) => ({ http: pubsub(app, { ...runtime, caller, principal }) }),
      send: (message) => ({
        headers: { ...json, authorization },
        body: JSON.stringify(pushed(message, mode)),
      }),
      answerOf: byPubsub,
      ...(mode === 'binary' ? { not: texts } : {}),
    },
  ]),
  {
    name: 'pubsubEvent, structured',
    make: (app, runtime) => ({ cloudEvent: pubsubEvent(app, { ...runtime, principal }) }),
    send: (message) => eventarc(published, topic, pushed(message)),
    answerOf: byPubsub,
  },
  {
    name: 'cloudEvent, structured',
    make: (app, runtime, who) => ({ cloudEvent: cloudEvent(app, { ...runtime, principal: who }) }),
    // What is labelled as JSON and is none, or as text, the framework refuses, and nobody is asked.
    send: (message) =>
      'raw' in message
        ? { headers: { 'content-type': 'application/octet-stream' }, body: message.raw }
        : structured(message),
    answerOf: byPubsub,
  },
  {
    name: 'http, structured',
    make: (app, runtime, who) => ({ http: http(app, { ...runtime, authenticate: who }) }),
    send: structured,
    answerOf: byBroker,
  },
];

const packed = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unpacked = (text = '') => JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;

const meterTypes = ['counted', 'refused', 'broken'].map((name) => `com.acme.meter.${name}`);
const levels = '{device}/{id}/{data}/{who}';
const rule = { data: (_: unknown, { data }: Params) => unpacked(data) };
type Params = Readonly<Record<string, string>>;

/** An object whose name says all that a message of the cases says; it has no other way to say anything. */
function stored(message: TriggerMessage): Sent {
  const {
    subject = '',
    type,
    id,
    data,
  } = 'event' in message
    ? message.event
    : { subject: 'm9', type: 'garbage', id: '1', data: message.raw };
  const name = [type, subject, packed(id), packed(data ?? null), packed(message.principal)].join(
    '/',
  );
  const object = { bucket: 'clips', name, generation: '1', metageneration: '1' };
  return eventarc('google.cloud.storage.object.v1.finalized', '//storage.googleapis.com', object);
}

const ofObjects: Way = {
  name: 'storage',
  make: (app, runtime) => ({
    cloudEvent: storage(app, {
      ...runtime,
      objects: Object.fromEntries(
        [...meterTypes, 'com.other.thing'].map((type) => [`${type}/${levels}`, { type, ...rule }]),
      ),
      principal: ({ params }) => unpacked(params['who']) as Principal,
    }),
  }),
  send: stored,
  answerOf: byPubsub,
  not: {
    'hands on an event as it was sent': 'what came is an object, and no event',
    'applies the messages of a subject in their order, if it promises so':
      'the id of an event is that of the object, and the case compares ids',
    'keeps the text of a message that is no event': 'an object has no text',
  },
};

/** Delivers as these hosts do: one message in each call. */
function opener({ make, send, answerOf }: Way): OpenTrigger {
  return async (app, runtime) => {
    let who: Principal = { kind: 'anonymous', id: '' };
    const url = await functionAt(make(app, { ...runtime, logger: silent }, () => who));
    return {
      async deliver(messages) {
        const answers: HostAnswer[] = [];
        for (const message of messages) {
          who = message.principal;
          const answer = await fetch(url, { method: 'POST', ...send(message) });
          await answer.text();
          answers.push(answerOf(answer.status));
        }
        return answers;
      },
      ordered: true,
    };
  };
}

// The framework writes what a function throws to standard error, which is the case here many times.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

describe.each([...ways, ofObjects])('$name', (way) => {
  it.for(triggerCases)('$name', async ({ name, run }, test) => {
    const reason = way.not?.[name];
    if (reason !== undefined) test.skip(reason);
    await run(opener(way));
  });
});
