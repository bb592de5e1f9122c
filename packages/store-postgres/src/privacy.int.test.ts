import { postgresNeeds } from '@hearth/emulators/postgres';
import type { StateStore } from '@hearth/core/ports';
import { privacyCases, type PrivacyHarness } from '@hearth/testing/conformance';
import { needs } from '@hearth/testing/needs';
import { beforeEach, describe, it } from 'vitest';
import { everything } from '../test/everything.ts';
import { testServer } from '../test/server.ts';
import { postgresDeadLetters } from './dead-letters.ts';
import { postgresStore, type PostgresStore } from './postgres-store.ts';

const server = testServer();

beforeEach((context) => void needs(context, server.found, postgresNeeds));

const opened = new Map<StateStore, { readonly store: PostgresStore; readonly schema: string }>();

const harness: PrivacyHarness = {
  async open() {
    const schema = server.schema();
    const store = postgresStore({ pool: server.pool(), schema });
    opened.set(store, { store, schema });
    return store;
  },
  letters: (store) => postgresDeadLetters(opened.get(store)?.store as PostgresStore),
  contains: async (store, text) =>
    (await everything(server.pool(), opened.get(store)?.schema ?? '')).includes(text),
};

describe('personal data in PostgreSQL', () => {
  it.each(privacyCases)('$name', ({ run }) => run(harness));
});
