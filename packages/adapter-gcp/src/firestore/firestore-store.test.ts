import type { Firestore } from '@google-cloud/firestore';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { FirestoreClient } from './client.ts';
import { documentOf, oversized } from './document.ts';
import { firestoreStore } from './firestore-store.ts';

const write = { key: 'h/1', expected: null, body: '', due: null, tags: {} };

describe('firestoreStore', () => {
  it('takes the client of the SDK', () => {
    expectTypeOf<Firestore>().toExtend<FirestoreClient>();
  });

  it.each(['', 'a/b', 'a//b', '/a/b'])('refuses "%s" as a collection', (collection) => {
    expect(() => firestoreStore({ collection })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'collection' }) as Error,
    );
  });

  it.each([0, -1, Number.NaN, 1.5])('refuses a timeout of %d ms', (timeoutMs) => {
    expect(() => firestoreStore({ timeoutMs })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'timeoutMs' }) as Error,
    );
  });
});

it.each(['The client has already been terminated.', undefined, { code: 'x' }])(
  'answers with an error of ours where the SDK throws %o at once',
  async (thrown) => {
    const fail = () => {
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- whatever it is
      throw thrown;
    };
    const client = { collection: fail, getAll: fail, terminate: async () => undefined };
    const { load, save, due, query } = firestoreStore({ client });
    const unavailable = { code: 'store-unavailable' };
    await expect(load(['h/1'])).rejects.toMatchObject(unavailable);
    await expect(due({ before: 1, limit: 1 })).rejects.toMatchObject(unavailable);
    const tag = { handler: 'h', tag: 't', value: 'v', limit: 1 };
    await expect(query(tag)).rejects.toMatchObject(unavailable);
    expect(await save([write])).toMatchObject([{ outcome: 'failed', error: unavailable }]);
  },
);

describe('a document', () => {
  it('fits up to 1 MiB, with its name, the names of its fields, and its tags', () => {
    const tagged = (length: number) =>
      documentOf({ ...write, body: 'x'.repeat(1_000_000), tags: tagsOf(length) }, 'token');
    expect(oversized('hearth', 'h/1', tagged(48))).toBeUndefined();
    expect(oversized('hearth', 'h/1', tagged(1_100))?.code).toBe('record-too-large');
  });

  it('keeps an index entry short, however long the value of a tag is', () => {
    const { tags } = documentOf({ ...write, tags: { home: 'x'.repeat(5_000) } }, 'token');
    expect(tags).toEqual([expect.stringMatching(/^#[\w-]{43}$/)]);
  });
});

function tagsOf(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`t${at}`, 'v'.repeat(40)]));
}
