import type { DueRequest, KeyPage, MemoryStore } from '@hearth/core/ports';
import { rewriting, twin, type BrokenStore } from './broken-store.ts';

/** Stores that break a promise of `due`. */
export const brokenDues: readonly BrokenStore[] = [
  due(
    'lists what is due a millisecond later',
    [
      'lists a record at its due instant and not a millisecond before',
      'lists a record at its new due instant only',
      'pages through all that is due, once each',
    ],
    (inner, request) => inner.now.due({ ...request, before: request.before + 1 }),
  ),
  due(
    'does not list what is due at the very instant',
    [
      'keeps acknowledged saves when it is opened anew',
      'lists a record at its due instant and not a millisecond before',
      'lists what is due earliest first',
      'lists a record at its new due instant only',
      'no longer lists a record that is due no more',
      'still lists a record whose due instant stays when its body changes',
      'still lists a record after a write of it was refused',
      'pages through all that is due, once each',
      'pages through records that are due at the same instant, once each',
    ],
    (inner, request) => inner.now.due({ ...request, before: request.before - 1 }),
  ),
  due(
    'knows of nothing that is due',
    [
      'keeps acknowledged saves when it is opened anew',
      'lists a record at its due instant and not a millisecond before',
      'lists what is due earliest first',
      'does not list what is never due',
      'lists a record at its new due instant only',
      'no longer lists a record that is due no more',
      'still lists a record whose due instant stays when its body changes',
      'still lists a record after a write of it was refused',
      'pages through all that is due, once each',
      'pages through records that are due at the same instant, once each',
      'gives each due record to exactly one shard, earliest first',
      'lists all records in the only shard',
    ],
    () => ({ keys: [] }),
  ),
  due(
    'lists what is due in key order',
    ['lists what is due earliest first', 'lists a record at its new due instant only'],
    (inner, request) => {
      const page = inner.now.due(request);
      return { ...page, keys: page.keys.toSorted() };
    },
  ),
  due(
    'lists all that is due in one page',
    ['gives no more keys in a page than were asked for'],
    (inner, request) => inner.now.due({ ...request, limit: 1e6 }),
  ),
  due(
    'forgets the cursor',
    [
      'pages through all that is due, once each',
      'pages through records that are due at the same instant, once each',
      'gives each due record to exactly one shard, earliest first',
      'lists all records in the only shard',
    ],
    (inner, { limit, ...request }) => {
      const { keys } = inner.now.due({ ...request, limit });
      return { keys };
    },
  ),
  due(
    'skips the rest of an instant at the end of a page',
    ['pages through records that are due at the same instant, once each'],
    (inner, request) => {
      const { keys, cursor } = inner.now.due(request);
      return cursor === undefined ? { keys } : { keys, cursor: `${cursor.split('/')[0]}/\uffff` };
    },
  ),
  due(
    'begins a page with the last key of the page before',
    [
      'pages through all that is due, once each',
      'pages through records that are due at the same instant, once each',
      'gives each due record to exactly one shard, earliest first',
      'lists all records in the only shard',
    ],
    (inner, { cursor, ...request }) =>
      inner.now.due(
        cursor === undefined ? request : { ...request, cursor: `${cursor.split('/')[0]}/` },
      ),
  ),
  due(
    'gives every record to every shard',
    ['gives each due record to exactly one shard, earliest first'],
    (inner, request) => inner.now.due({ ...request, shard: { index: 0, of: 1 } }),
  ),
  due(
    'gives nothing to the last shard',
    ['gives each due record to exactly one shard, earliest first'],
    (inner, request) => {
      const { index, of } = request.shard ?? { index: 0, of: 1 };
      return index === of - 1 && of > 1 ? { keys: [] } : inner.now.due(request);
    },
  ),
  due(
    'gives everything to the first shard',
    ['gives each due record to exactly one shard, earliest first'],
    (inner, { shard, ...request }) =>
      (shard?.index ?? 0) > 0 ? { keys: [] } : inner.now.due(request),
  ),
  due('knows no only shard', ['lists all records in the only shard'], (inner, request) =>
    request.shard?.of === 1 ? { keys: [] } : inner.now.due(request),
  ),
  due(
    'lists a shard in key order, backwards',
    ['gives each due record to exactly one shard, earliest first'],
    (inner, request) => {
      const { keys, ...rest } = inner.now.due(request);
      return { ...rest, keys: request.shard?.of === 3 ? keys.toReversed() : keys };
    },
  ),
  rewriting(
    'keeps the first due instant of a record',
    ['lists a record at its new due instant only', 'no longer lists a record that is due no more'],
    (write, old) => ({ ...write, due: old?.due ?? write.due }),
  ),
  rewriting(
    'keeps a record due that is due no more',
    ['no longer lists a record that is due no more'],
    (write, old) => ({ ...write, due: write.due ?? old?.due ?? null }),
  ),
  rewriting(
    'takes a due instant that stays for none',
    ['still lists a record whose due instant stays when its body changes'],
    (write, old) => ({ ...write, due: write.due === old?.due ? null : write.due }),
  ),
  rewriting(
    'takes never for at once',
    ['does not list what is never due', 'no longer lists a record that is due no more'],
    (write) => ({ ...write, due: write.due ?? 0 }),
  ),
];

function due(
  name: string,
  breaks: readonly string[],
  answer: (inner: MemoryStore, request: DueRequest) => KeyPage,
): BrokenStore {
  return twin(name, breaks, (inner) => ({ due: async (request) => answer(inner, request) }));
}
