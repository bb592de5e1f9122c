import { HearthError } from '../event/error.ts';
import type {
  KeyPage,
  RecordWrite,
  SaveResult,
  StateStore,
  StoredRecord,
} from '../ports/state-store.ts';
import { assertDistinctKeys, misfit } from '../ports/fit.ts';
import { keyedHash } from './keyed-hash.ts';

/** What hides the subjects in a store's keys. */
export interface PseudonymOptions {
  /** At least 32 characters, from a secret store. It is a part of every key, so it must stay the same for good. */
  readonly secret: () => string;
}

/**
 * A store whose keys and index entries name nobody: instead of subjects and the values of tags it holds keyed hashes of them. For apps whose
 * subjects are personal themselves: an e-mail address, a telephone number.
 *
 * The subject lies in the record, and is erased with it: a tombstone is a hash and nothing else. `query` and `due` load what they find in
 * order to name it, and pages are in the order of the hashes. An existing store becomes one by `exportRecords` and `importRecords`.
 *
 * @throws {HearthError} `invalid-option`, at the first use, for a secret of fewer than 32 characters.
 */
export function pseudonymousStore(store: StateStore, { secret }: PseudonymOptions): StateStore {
  const hidden = (key: string): string => {
    const slash = key.indexOf('/');
    const name = key.slice(0, slash + 1);
    return `${name}${keyedHash(secret)('subject', key.slice(slash + 1))}`;
  };
  const hiddenTag = (value: string): string => keyedHash(secret)('tag', value);
  const wrapped = (write: RecordWrite, isErased: boolean): RecordWrite => ({
    ...write,
    key: hidden(write.key),
    body: isErased ? write.body : full(write),
    tags: Object.fromEntries(
      Object.entries(write.tags).map(([name, value]) => {
        // A name may hold a subject, too.
        const space = name.indexOf(' ');
        return [space < 0 ? name : hiddenName(name, space, hiddenTag), hiddenTag(value)];
      }),
    ),
  });
  const named = async ({ keys, cursor }: KeyPage): Promise<KeyPage> => {
    const stored = keys.length === 0 ? [] : await store.load(keys);
    const plainKeys = stored.flatMap((one) => keyIn(one) ?? []);
    return { keys: plainKeys, ...(cursor === undefined ? {} : { cursor }) };
  };
  const capabilities = capabilitiesOf(store);
  // What does not fit must not be hidden from whoever asks by being hashed.
  const write = (as: 'save' | 'erase') => async (writes: readonly RecordWrite[]) => {
    assertDistinctKeys(writes);
    const errors = writes.map((one) => misfit(one, capabilities));
    const fitting = writes.filter((_, at) => errors[at] === undefined);
    const kept = fitting.map((one) => wrapped(one, as === 'erase' && isTombstone(one)));
    const results = kept.length === 0 ? [] : [...(await store[as](kept))];
    return errors.map((error): SaveResult =>
      error === undefined ? (results.shift() ?? noResult) : { outcome: 'failed', error },
    );
  };
  return {
    capabilities,
    async load(keys) {
      const stored = await store.load(keys.map(hidden));
      return stored.map((one, at) => plain(one, keys[at] as string));
    },
    save: write('save'),
    erase: write('erase'),
    due: async (request) => named(await store.due(request)),
    async query(request) {
      const space = request.tag.indexOf(' ');
      const tag = space < 0 ? request.tag : hiddenName(request.tag, space, hiddenTag);
      return named(await store.query({ ...request, tag, value: hiddenTag(request.value) }));
    },
  };
}

const hiddenName = (name: string, space: number, hide: (text: string) => string): string =>
  `${name.slice(0, space)} ${hide(name.slice(space + 1))}`;

// The key lies behind the body, in the text of JSON, so that nothing has to be quoted twice.
const mark = '\n';

const full = ({ key, body }: RecordWrite): string => `${body}${mark}${JSON.stringify(key)}`;

/** What is erased and wants no attention is never named again. */
const isTombstone = ({ body, due, tags }: RecordWrite): boolean =>
  due === null && Object.keys(tags).length === 0 && body.includes('"erased":true');

const noResult: SaveResult = {
  outcome: 'unknown',
  error: new HearthError('store-unavailable', 'The store gave no result for a write.', {
    retryable: true,
  }),
};

function plain(stored: StoredRecord | undefined, key: string): StoredRecord | undefined {
  if (stored === undefined) return undefined;
  const end = stored.body.lastIndexOf(mark);
  const body = end < 0 ? stored.body : stored.body.slice(0, end);
  return { key, version: stored.version, body };
}

/** The key of a record; of a tombstone, which an index may still name, there is none. */
function keyIn(stored: StoredRecord | undefined): string | undefined {
  if (stored === undefined) return undefined;
  if (!/\/[a-z2-7]{32}$/.test(stored.key)) {
    const message = 'The store holds a record that was written without pseudonymousStore.';
    throw new HearthError('invalid-state', message);
  }
  const end = stored.body.lastIndexOf(mark);
  return end < 0 ? undefined : (JSON.parse(stored.body.slice(end + mark.length)) as string);
}

/** What is left for a body besides the longest key in JSON, of which each character may need two. */
function capabilitiesOf({ capabilities }: StateStore): StateStore['capabilities'] {
  const { maxRecordBytes, maxKeyBytes } = capabilities;
  return { ...capabilities, maxRecordBytes: maxRecordBytes - 2 * maxKeyBytes - 3 };
}
