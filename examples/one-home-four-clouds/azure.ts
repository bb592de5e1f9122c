import { app as functions } from '@azure/functions';
import { ManagedIdentityCredential } from '@azure/identity';
import { http, iotHub, timer, wakes } from '@hearth/adapter-azure';
import { iotHubPublisher } from '@hearth/adapter-azure/iot-hub';
import { serviceBusPublisher, serviceBusWake } from '@hearth/adapter-azure/service-bus';
import { tableStore } from '@hearth/adapter-azure/tables';
import { app, thermostat } from './home.ts';
import { setting } from './settings.ts';

const credential = new ManagedIdentityCredential();
const bus = { namespace: setting('BUS__fullyQualifiedNamespace'), credential };
const hearth = {
  store: tableStore({ table: 'home', endpoint: setting('TABLES_URL'), credential }),
  publisher: iotHubPublisher({
    endpoint: setting('IOT_HUB_URL'),
    credential,
    routes: { [thermostat.events.desired.type]: { to: 'desired' } }, // the rest goes nowhere
  }),
  deadLetters: serviceBusPublisher({ ...bus, to: 'dead-letters' }),
  wake: serviceBusWake({ ...bus, to: 'wakes' }), // timers run in time
  sweep: true, // because of the timer
  timeoutMs: 60_000, // as in host.json
};

const readings = { connection: 'READINGS', eventHubName: 'readings', consumerGroup: 'home' };
const plain = { type: thermostat.events.temperature.type }; // what is no CloudEvent
functions.eventHub('readings', iotHub(app, { ...hearth, ...readings, plain }));

const authenticate = { kind: 'service', id: 'operator' } as const; // who has the function's key
functions.http('events', http(app, { ...hearth, timeoutMs: 25_000, authenticate }));

const queue = { connection: 'BUS', queueName: 'wakes' };
functions.serviceBusQueue('wake', wakes(app, { ...hearth, ...queue }));
functions.timer('sweep', timer(app, { ...hearth, schedule: '0 * * * * *' }));
