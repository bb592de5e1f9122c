import type { KeyPage, MemoryStore, TagRequest } from '@hearth/core/ports';
import { eachWrite, rewriting, twin, type BrokenStore } from './broken-store.ts';

/** Stores that break a promise of `query`. */
export const brokenQueries: readonly BrokenStore[] = [
  query(
    'knows of no tags',
    [
      'keeps acknowledged saves when it is opened anew',
      'finds the records of a handler by tag and value',
      'keeps tags and values apart that only look alike',
      'finds a record by a value of any signs, none included',
      'finds a record by each of its tags',
      'finds a record by the new value of a tag only',
      'no longer finds a record by a tag that was taken off',
      'still finds a record after a write of it was refused',
      'finds records in key order',
      'pages through all that is found, once each',
    ],
    () => ({ keys: [] }),
  ),
  query(
    'looks for a tag whatever its name',
    ['finds the records of a handler by tag and value'],
    (inner, request) =>
      scan(
        inner,
        request,
        (key, tags) => of(request, key) && Object.values(tags).includes(request.value),
      ),
  ),
  query(
    'looks for a tag whatever its handler',
    [
      'finds the records of a handler by tag and value',
      'keeps tags and values apart that only look alike',
    ],
    (inner, request) => scan(inner, request, (_, tags) => tags[request.tag] === request.value),
  ),
  query(
    'takes a handler for the beginning of a name',
    ['keeps tags and values apart that only look alike'],
    (inner, request) =>
      scan(
        inner,
        request,
        (key, tags) => key.startsWith(request.handler) && tags[request.tag] === request.value,
      ),
  ),
  query(
    'writes tag and value in one',
    ['keeps tags and values apart that only look alike'],
    (inner, request) =>
      scan(inner, request, (key, tags) => {
        const wanted = `${request.tag}/${request.value}`;
        return of(request, key) && Object.entries(tags).some((each) => each.join('/') === wanted);
      }),
  ),
  query(
    'takes upper and lower case of a value for the same',
    ['keeps tags and values apart that only look alike'],
    (inner, request) =>
      scan(
        inner,
        request,
        (key, tags) =>
          of(request, key) && tags[request.tag]?.toLowerCase() === request.value.toLowerCase(),
      ),
  ),
  query(
    'answers in the order of the first saves',
    ['finds records in key order'],
    (inner, request) =>
      scan(
        inner,
        request,
        (key, tags) => of(request, key) && tags[request.tag] === request.value,
        false,
      ),
  ),
  query(
    'takes an empty value for none',
    ['finds a record by a value of any signs, none included'],
    (inner, request) => (request.value === '' ? { keys: [] } : inner.now.query(request)),
  ),
  query(
    'skips a key between two pages',
    ['pages through all that is found, once each'],
    (inner, request) => {
      const { keys, cursor } = inner.now.query(request);
      return cursor === undefined ? { keys } : { keys: keys.slice(0, -1), cursor };
    },
  ),
  query(
    'finds all that there is in one page',
    ['finds no more records in a page than were asked for'],
    (inner, request) => inner.now.query({ ...request, limit: 1e6 }),
  ),
  rewriting(
    'keeps the first value of a tag',
    ['finds a record by the new value of a tag only'],
    (write, old) => ({ ...write, tags: { ...write.tags, ...pick(old?.tags, write.tags) } }),
  ),
  rewriting(
    'keeps tags that were taken off',
    ['no longer finds a record by a tag that was taken off'],
    (write, old) => ({ ...write, tags: { ...old?.tags, ...write.tags } }),
  ),
  rewriting(
    'keeps only the first tag',
    [
      'keeps tags and values apart that only look alike',
      'finds a record by each of its tags',
      'finds a record by the new value of a tag only',
    ],
    (write) => ({ ...write, tags: Object.fromEntries(Object.entries(write.tags).slice(0, 1)) }),
  ),
  twin(
    'takes a record out of the indexes and then sees the conflict',
    [
      'refuses a version that is no longer the last',
      'still lists a record after a write of it was refused',
      'still finds a record after a write of it was refused',
    ],
    (inner) => ({
      save: (writes) =>
        eachWrite(inner, writes, (write) => {
          const [record] = inner.now.load([write.key]);
          if (record === undefined || write.expected === null || write.expected === record.version)
            return undefined;
          inner.now.save([{ ...write, expected: record.version, body: record.body }]);
          return { outcome: 'conflict' };
        }),
    }),
  ),
];

type Tags = Readonly<Record<string, string>>;

function of({ handler }: TagRequest, key: string): boolean {
  return key.startsWith(`${handler}/`);
}

function pick(from: Tags = {}, names: Tags): Tags {
  return Object.fromEntries(Object.entries(from).filter(([name]) => name in names));
}

/** Looks at every record, in the order in which they were first saved. */
function scan(
  inner: MemoryStore,
  request: TagRequest,
  fits: (key: string, tags: Tags) => boolean,
  sort = true,
): KeyPage {
  const fitting = inner.snapshot().entries.filter(({ record, tags }) => fits(record.key, tags));
  const keys = fitting.map(({ record }) => record.key);
  if (sort) keys.sort();
  const from = Number(request.cursor ?? 0);
  const end = from + request.limit;
  const page = keys.slice(from, end);
  return end < keys.length ? { keys: page, cursor: String(end) } : { keys: page };
}

function query(
  name: string,
  breaks: readonly string[],
  answer: (inner: MemoryStore, request: TagRequest) => KeyPage,
): BrokenStore {
  return twin(name, breaks, (inner) => ({ query: async (request) => answer(inner, request) }));
}
