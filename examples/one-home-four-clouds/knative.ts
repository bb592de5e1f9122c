import { serve, sink } from '@hearth/adapter-knative';
import { route } from '@hearth/core';
import { postgresDeadLetters, postgresStore } from '@hearth/store-postgres';
import { broker } from './broker.ts';
import { app, thermostat } from './home.ts';
import { setting } from './settings.ts';

const store = postgresStore({ connectionString: () => setting('DATABASE_URL') });

await serve(app, {
  store,
  publisher: route({ [thermostat.events.desired.type]: sink(), default: null }), // the rest goes nowhere
  deadLetters: postgresDeadLetters(store),
  authenticate: broker,
});
