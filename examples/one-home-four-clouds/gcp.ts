import { createServer } from 'node:http';
import { bridgedDevice, googleCaller, http, pubsub, schedule } from '@hearth/adapter-gcp';
import { firestoreStore } from '@hearth/adapter-gcp/firestore';
import { pubsubPublisher } from '@hearth/adapter-gcp/pubsub';
import { cloudTasksWake } from '@hearth/adapter-gcp/tasks';
import { route } from '@hearth/core';
import { onShutdown } from '@hearth/node';
import { app, thermostat } from './home.ts';
import { setting } from './settings.ts';

const url = setting('SERVICE_URL');
// Cloud Run lets in nobody without a token, has checked it, and has taken its signature away.
const allowed = (email: string) => ({ email, audience: url, signature: 'cloud-run' }) as const;
const caller = allowed(setting('CALLER'));
const hearth = {
  store: firestoreStore({ database: setting('DATABASE') }),
  publisher: route({
    [thermostat.events.desired.type]: pubsubPublisher({ topic: setting('WISHES') }),
    default: null, // the rest goes nowhere
  }),
  deadLetters: pubsubPublisher({ topic: setting('DEAD_LETTERS') }),
  wake: cloudTasksWake({
    queue: setting('WAKES'),
    url: `${url}/sweep`,
    serviceAccount: caller.email,
    audience: url,
  }), // timers run in time
  sweep: true, // because of the scheduler's job
  caller,
};

const paths = new Map([
  [
    '/readings',
    pubsub(app, {
      ...hearth,
      principal: bridgedDevice({ attribute: 'device', subscription: setting('READINGS') }),
      plain: { type: thermostat.events.temperature.type }, // what is no CloudEvent
      maxDeliveryAttempts: 10,
    }),
  ],
  ['/events', http(app, { ...hearth, authenticate: googleCaller(allowed(setting('OPERATOR'))) })],
  ['/sweep', schedule(app, hearth)],
]);

const server = createServer((request, response) => {
  const answer = paths.get(request.url?.split('?')[0] ?? '');
  if (answer === undefined) response.writeHead(404).end();
  else void answer(request, response);
}).listen(Number(setting('PORT')));
onShutdown(() => server.close());
