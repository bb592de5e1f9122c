import type { App, Principal, Runtime } from '@hearth/core';
import { startFunction, type CloudFunction } from '@hearth/emulators/functions-framework';
import { triggerCases, type HostAnswer, type OpenTrigger } from '@hearth/testing/conformance';
import type { TriggerMessage } from '@hearth/testing/conformance';
import { beforeEach, describe, it, vi } from 'vitest';
import {
  binary,
  eventarc,
  pushed,
  silent,
  speakerOf,
  structured,
  type Sent,
} from '../../test/deliveries.ts';
import { caller, token } from '../../test/google-token.ts';
import { cloudEvent } from './cloud-event.ts';
import { http } from './http.ts';
import { pubsub } from './pubsub.ts';
import { pubsubEvent } from './pubsub-event.ts';

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
    {
      name: `pubsubEvent, ${mode}`,
      make: (app, runtime) => ({ cloudEvent: pubsubEvent(app, { ...runtime, principal }) }),
      send: (message) => eventarc(published, topic, pushed(message, mode)),
      answerOf: byPubsub,
      ...(mode === 'binary' ? { not: texts } : {}),
    },
  ]),
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
    make: (app, runtime, who) => ({ http: http(app, { ...runtime, auth: who }) }),
    send: structured,
    answerOf: byBroker,
  },
  {
    name: 'http, binary',
    make: (app, runtime, who) => ({ http: http(app, { ...runtime, auth: who }) }),
    send: binary,
    answerOf: byBroker,
    not: texts,
  },
];

/** Delivers as these hosts do: one message in each call. */
function opener({ make, send, answerOf }: Way): OpenTrigger {
  return async (app, runtime) => {
    let who: Principal = { kind: 'anonymous', id: '' };
    const { url, stop } = await startFunction(make(app, { ...runtime, logger: silent }, () => who));
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
      close: stop,
      ordered: true,
    };
  };
}

// The framework writes what a function throws to standard error, which is the case here many times.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

describe.each(ways)('$name', (way) => {
  it.for(triggerCases)('$name', async ({ name, run }, test) => {
    const reason = way.not?.[name];
    if (reason !== undefined) test.skip(reason);
    await run(opener(way));
  });
});
