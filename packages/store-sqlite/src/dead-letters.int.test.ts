import type { Outgoing } from '@hearth/core/ports';
import { publisherCases, unmetNeed, type PublisherHarness } from '@hearth/testing/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folder, type Folder } from '../test/folder.ts';
import { sqliteDeadLetters, type SqliteDeadLetters } from './dead-letters.ts';
import { sqliteStore } from './sqlite-store.ts';

let at: Folder;
let letters: SqliteDeadLetters;

beforeEach(() => {
  at = folder();
  letters = sqliteDeadLetters({ file: at.file(), busyTimeoutMs: 20 });
});

afterEach(async () => {
  await letters.close();
  at.remove();
});

function outgoing(id: string, subject?: string, source = 'urn:app'): Outgoing {
  const about = subject === undefined ? {} : { subject };
  const event = { specversion: '1.0', id, source, type: 'rejected', ...about } as const;
  return { event, body: JSON.stringify(event) };
}

function harness(): PublisherHarness {
  return {
    publisher: letters,
    async received() {
      const page = await letters.list({ limit: 1_000 });
      return page.letters.map(({ id, body }) => ({ id, body }));
    },
    cutOff: () => letters.close(),
    structured: true,
  };
}

describe('dead letters in a file', () => {
  it.for(publisherCases)('$name', async (each, context) => {
    const unmet = unmetNeed(each, harness());
    if (unmet !== undefined) context.skip(`${unmet}: a file fails as a whole and takes any size`);
    await each.run(harness());
  });
});

describe('sqliteDeadLetters', () => {
  it('keeps letters, oldest first, page by page', async () => {
    const results = await letters.publish(['3', '1', '2'].map((id) => outgoing(id, `s${id}`)));
    expect(results).toEqual([1, 2, 3].map(() => ({ outcome: 'published' })));
    const first = await letters.list({ limit: 2 });
    expect(first.letters.map(({ id }) => id)).toEqual(['3', '1']);
    const { cursor = '' } = first;
    const last = await letters.list({ limit: 2, cursor });
    expect(last).toEqual({
      letters: [
        {
          id: '2',
          source: 'urn:app',
          type: 'rejected',
          subject: 's2',
          body: outgoing('2', 's2').body,
        },
      ],
    });
  });

  it('keeps a letter once, however often it is published', async () => {
    await letters.publish([outgoing('1'), outgoing('1')]);
    await letters.publish([{ ...outgoing('1'), body: 'another body' }]);
    expect((await letters.list({ limit: 9 })).letters).toMatchObject([
      { body: outgoing('1').body },
    ]);
  });

  it('keeps letters apart that have one id from two sources', async () => {
    await letters.publish([outgoing('1'), outgoing('1', undefined, 'urn:other')]);
    expect((await letters.list({ limit: 9 })).letters).toHaveLength(2);
  });

  it('gives and removes a letter by its id', async () => {
    await letters.publish([outgoing('1'), outgoing('2', 's2')]);
    expect(await letters.get('2')).toMatchObject({ subject: 's2' });
    expect(await letters.remove('2')).toBe(true);
    expect(await letters.remove('2')).toBe(false);
    expect(await letters.get('2')).toBeUndefined();
    expect(await letters.get('1')).toMatchObject({ id: '1' });
  });

  it('leaves nothing of an erased subject to be read', async () => {
    await letters.publish([outgoing('1', 'ada'), outgoing('2', 'bob'), outgoing('3', 'ada')]);
    expect(await letters.erase('ada')).toBe(2);
    expect(at.contains('bob')).toBe(true);
    expect(at.contains('ada')).toBe(false);
    expect(await letters.erase('ada')).toBe(0);
  });

  it('finds and erases what says of no subject by its text, as a whole word', async () => {
    const raw = (id: string, text: string): Outgoing => {
      const event = { specversion: '1.0', id, source: 'urn:app', type: 'rejected' } as const;
      return { event, body: JSON.stringify({ ...event, data: { raw: text } }) };
    };
    const about = [outgoing('1', 'ada'), raw('2', '{"to":"ada"}'), raw('3', '{"to":"adam"}')];
    await letters.publish([...about, outgoing('4', 'bob')]);
    const first = await letters.list({ limit: 1, subject: 'ada' });
    const { cursor = '' } = first;
    const last = await letters.list({ limit: 1, subject: 'ada', cursor });
    expect([first, last].map((page) => page.letters.map(({ id }) => id))).toEqual([['1'], ['2']]);
    expect(last.cursor).toBeUndefined();
    expect(await letters.erase('ada')).toBe(2);
    expect((await letters.list({ limit: 9 })).letters.map(({ id }) => id)).toEqual(['3', '4']);
  });

  it('shares the file of a store and leaves it open', async () => {
    const store = sqliteStore({ file: at.file() });
    const shared = sqliteDeadLetters(store);
    await shared.publish([outgoing('1')]);
    await shared.close();
    expect(await letters.get('1')).toMatchObject({ id: '1' });
    expect(await store.load(['h/1'])).toEqual([undefined]);
    await store.close();
  });

  it('tells that it could not keep a letter', async () => {
    const store = sqliteStore({ file: at.file() });
    const shared = sqliteDeadLetters(store);
    await store.close();
    expect(await shared.publish([outgoing('1')])).toMatchObject([
      { outcome: 'failed', error: { code: 'publisher-unavailable' } },
    ]);
    await expect(shared.remove('1')).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
