import { serve, sharedToken } from '@hearth/adapter-knative';
import { defineApp } from '@hearth/core';
import { memoryPublisher } from '@hearth/core/ports';
import { postgresDeadLetters, postgresStore } from '@hearth/store-postgres';
import { setting } from './settings.ts';

const store = postgresStore({ connectionString: () => setting('DATABASE_URL') });

// An app that knows no event: whatever the broker has given up is rejected here, and so filed beside what the home has refused.
await serve(defineApp({ source: 'urn:acme:home:broker', parts: [] }), {
  store,
  publisher: memoryPublisher(),
  deadLetters: postgresDeadLetters(store),
  sweeper: 'elsewhere',
  auth: sharedToken({
    tokens: () => [setting('BROKER_TOKEN')],
    principal: { kind: 'service', id: 'broker' },
  }),
});
