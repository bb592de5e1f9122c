import { serve, sharedToken, sink } from '@hearth/adapter-knative';
import { route } from '@hearth/core';
import { postgresDeadLetters, postgresStore } from '@hearth/store-postgres';
import { app, thermostat } from './home.ts';
import { setting } from './settings.ts';

const store = postgresStore({ connectionString: () => setting('DATABASE_URL') });

await serve(app, {
  store,
  publisher: route({ [thermostat.events.desired.type]: sink(), default: null }), // the rest goes nowhere
  deadLetters: postgresDeadLetters(store),
  auth: sharedToken({
    tokens: () => [setting('BROKER_TOKEN')],
    principal: { kind: 'service', id: 'broker' },
  }),
});
