import { cloudEvent, http, pubsub, pubsubEvent, schedule } from '@hearth/adapter-gcp';
import type { Principal, Runtime } from '@hearth/core';
import type { CloudFunction } from '@hearth/emulators/functions-framework';
import { startFunction } from '@hearth/emulators/functions-framework';
import type { TriggerMessage } from '@hearth/testing/conformance';
import {
  binary,
  eventarc,
  pushed,
  speaker,
  speakerOf,
  structured,
  type Sent,
} from '../packages/adapter-gcp/test/deliveries.ts';
import { caller, token } from '../packages/adapter-gcp/test/google-token.ts';
import { app } from './home.ts';
import { byStatus, isPlain, channelLimits, variant, type Limit, type Way } from './way.ts';

const published = 'google.cloud.pubsub.topic.v1.messagePublished';
const topic = '//pubsub.googleapis.com/projects/acme/topics/readings';
const json = { 'content-type': 'application/json' };
const authorization = `Bearer ${await token()}`;
const { textAttributes } = channelLimits;

/** Starts the schedule as a function beside another, and gives what calls it. */
async function scheduled(runtime: Runtime) {
  const { url, stop } = await startFunction({ http: schedule(app, { ...runtime, caller }) });
  const sweep = async () => {
    const { status } = await fetch(url, { method: 'POST', headers: { authorization } });
    if (status !== 204) throw new Error(`The sweep was answered with ${status}.`);
  };
  return { sweep, stop };
}

type Make = (runtime: Runtime, who: () => Principal) => CloudFunction;

/** A way into a function in the real functions-framework, one message after the other. */
function way(
  name: string,
  make: Make,
  send: (message: TriggerMessage) => Sent,
  limits: readonly Limit[] = [],
): Way {
  return {
    name,
    limits,
    async open(runtime) {
      let who: Principal = { kind: 'anonymous', id: '' };
      const [{ url, stop }, { sweep, stop: stopSweep }] = await Promise.all([
        startFunction(make(runtime, () => who)),
        scheduled(runtime),
      ]);
      const post = async (message: TriggerMessage) => {
        who = message.principal;
        const answer = await fetch(url, { method: 'POST', ...send(message) });
        await answer.text();
        return byStatus(answer.status);
      };
      return {
        deliver: async ([message]) => (message === undefined ? [] : [await post(message)]),
        sweep,
        close: async () => void (await Promise.all([stop(), stopSweep()])),
      };
    },
  };
}

/** A push, in which what is no event is labelled as what it is. */
function push(message: TriggerMessage, mode: 'structured' | 'binary') {
  const label = { [speaker]: JSON.stringify(message.principal) };
  return pushed(message, mode, isPlain(message) ? { attributes: label } : {});
}

function request(message: TriggerMessage, mode: typeof structured): Sent {
  const sent = mode(message);
  return isPlain(message) ? { ...sent, headers: { 'content-type': 'text/plain' } } : sent;
}

const principal = (delivery: { readonly attributes: Readonly<Record<string, string>> }) =>
  speakerOf(delivery.attributes);

const byPush: Make = (runtime) => ({ http: pubsub(app, { ...runtime, caller, principal }) });
const byEvent: Make = (runtime) => ({ cloudEvent: pubsubEvent(app, { ...runtime, principal }) });
const byRequest: Make = (runtime, who) => ({ http: http(app, { ...runtime, authenticate: who }) });
const byCloudEvent: Make = (runtime, who) => ({
  cloudEvent: cloudEvent(app, { ...runtime, principal: who }),
});

const pushing = (mode: 'structured' | 'binary') => (message: TriggerMessage) => ({
  headers: { ...json, authorization },
  body: JSON.stringify(push(message, mode)),
});

const readable: Limit = {
  why: 'what is no event the functions-framework refuses by itself, and nobody is asked',
  applies: (message) => 'raw' in message,
};

const strictJson: Limit = {
  why: 'the functions-framework takes objects and lists only for bodies that are JSON',
  applies: (message) => 'event' in message && message.event.data === null,
};

/** Every way into Cloud Functions and Cloud Run that carries events of others. */
export const gcpWays: readonly Way[] = [
  way('pubsub, push, structured mode', byPush, pushing('structured')),
  variant(way('pubsub, push, binary mode', byPush, pushing('binary'), [textAttributes])),
  way('pubsubEvent', byEvent, (message) => eventarc(published, topic, push(message, 'structured'))),
  way('cloudEvent', byCloudEvent, (message) => structured(message), [readable]),
  way('http, structured mode', byRequest, (message) => request(message, structured)),
  variant(
    way('http, binary mode', byRequest, (message) => request(message, binary), [
      strictJson,
      textAttributes,
    ]),
  ),
];
