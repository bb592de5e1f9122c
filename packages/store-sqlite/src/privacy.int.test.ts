import type { StateStore } from '@hearth/core/ports';
import { privacyCases, type PrivacyHarness } from '@hearth/testing/conformance';
import { afterEach, describe, it } from 'vitest';
import { folder, type Folder } from '../test/folder.ts';
import { sqliteDeadLetters } from './dead-letters.ts';
import { sqliteStore, type SqliteStore } from './sqlite-store.ts';

const opened = new Map<StateStore, { readonly store: SqliteStore; readonly at: Folder }>();

afterEach(async () => {
  for (const { store, at } of opened.values()) {
    await store.close();
    at.remove();
  }
  opened.clear();
});

// Letters lie in the same file, so that one look at its bytes, and at those of its log, is enough.
const harness: PrivacyHarness = {
  async open() {
    const at = folder();
    const store = sqliteStore({ file: at.file() });
    opened.set(store, { store, at });
    return store;
  },
  letters: (store) => sqliteDeadLetters(opened.get(store)?.store as SqliteStore),
  contains: async (store, text) => opened.get(store)?.at.contains(text) === true,
};

describe('personal data in a file', () => {
  it.each(privacyCases)('$name', ({ run }) => run(harness));
});
