import { HearthError } from '@hearth/core/event';
import {
  byteLength,
  memoryCapabilities,
  misfit,
  type MemoryStore,
  type RecordWrite,
  type SaveResult,
} from '@hearth/core/ports';
import { eachWrite, saveNow, twin, type BrokenStore, type Defect } from './broken-store.ts';

const { maxRecordBytes, maxKeyBytes } = memoryCapabilities;
const anySize = { maxRecordBytes: 1e9, maxKeyBytes: 1e9 };

/** Stores that take what does not fit, or refuse it badly. */
export const brokenLimits: readonly BrokenStore[] = [
  spelling(
    'takes upper and lower case for the same',
    [
      'keeps keys apart that only look alike',
      'keeps tags and values apart that only look alike',
      'finds records in key order',
    ],
    (key) => key.toLowerCase(),
  ),
  spelling('trims keys', ['keeps keys apart that only look alike'], (key) => key.trim()),
  spelling('normalises keys', ['keeps keys apart that only look alike'], (key) =>
    key.normalize('NFKC'),
  ),
  spelling('decodes keys', ['keeps keys apart that only look alike'], (key) =>
    key.replaceAll('%61', 'a'),
  ),
  spelling('takes keys for paths', ['keeps keys apart that only look alike'], (key) =>
    key.replace('/../', '/').replace('//', '/'),
  ),
  judging(
    'measures bodies in signs',
    ['takes a body of the largest size, in bytes, and not one byte more'],
    ({ body }) => (body.length > maxRecordBytes ? tooLarge() : undefined),
  ),
  judging(
    'takes a body of any size',
    [
      'takes a body of the largest size, in bytes, and not one byte more',
      'leaves a record as it is when its new body is too large',
      'saves the other writes of a call when one does not fit',
    ],
    () => undefined,
  ),
  judging(
    'says that a body which is too large may be tried again',
    [
      'takes a body of the largest size, in bytes, and not one byte more',
      'leaves a record as it is when its new body is too large',
    ],
    ({ body }) => (byteLength(body) > maxRecordBytes ? tooLarge(true) : undefined),
  ),
  twin(
    'measures keys in signs',
    ['takes a key of the largest size, in bytes, and not one byte more'],
    stating((_, write) => {
      const { key } = write;
      const error =
        key.length > maxKeyBytes ? tooLarge() : misfit({ ...write, key: '' }, memoryCapabilities);
      return error && { outcome: 'failed', error };
    }),
    anySize,
  ),
  twin(
    'says that it failed, and writes',
    [
      'takes a body of the largest size, in bytes, and not one byte more',
      'leaves a record as it is when its new body is too large',
      'saves the other writes of a call when one does not fit',
    ],
    stating((inner, write) => {
      const error = misfit(write, memoryCapabilities);
      if (error === undefined) return undefined;
      saveNow(inner, write);
      return { outcome: 'failed', error };
    }),
    anySize,
  ),
  twin(
    'cuts what does not fit',
    [
      'takes a body of the largest size, in bytes, and not one byte more',
      'leaves a record as it is when its new body is too large',
      'takes a key of the largest size, in bytes, and not one byte more',
      'saves the other writes of a call when one does not fit',
    ],
    stating((inner, write) => {
      const error = misfit(write, memoryCapabilities);
      return (
        error &&
        saveNow(inner, { ...write, body: write.body.slice(0, 9), key: write.key.slice(0, 99) })
      );
    }),
    anySize,
  ),
  twin(
    'fails a whole call for one write that does not fit',
    [
      'takes a body of the largest size, in bytes, and not one byte more',
      'takes a key of the largest size, in bytes, and not one byte more',
      'saves the other writes of a call when one does not fit',
    ],
    (inner) => ({
      async save(writes) {
        const error = writes.map((write) => misfit(write, memoryCapabilities)).find(Boolean);
        if (error === undefined) return inner.save(writes);
        return writes.map(() => ({ outcome: 'failed', error }));
      },
    }),
  ),
  twin(
    'rejects when something does not fit',
    [
      'takes a body of the largest size, in bytes, and not one byte more',
      'leaves a record as it is when its new body is too large',
      'takes a key of the largest size, in bytes, and not one byte more',
      'saves the other writes of a call when one does not fit',
    ],
    (inner) => ({
      async save(writes) {
        for (const write of writes) {
          const error = misfit(write, memoryCapabilities);
          if (error !== undefined) throw error;
        }
        return inner.save(writes);
      },
    }),
  ),
  twin(
    'answers the second of two writes of one key with a conflict',
    ['refuses two writes of one key in one call and does nothing of it'],
    (inner) => ({
      save: async (writes) => writes.map((write) => saveNow(inner, write)),
    }),
  ),
  twin(
    'refuses the second of two writes of one key when the first is done',
    ['refuses two writes of one key in one call and does nothing of it'],
    (inner) => ({
      async save(writes) {
        const keys = new Set(writes.map(({ key }) => key));
        if (keys.size < writes.length) inner.now.save(writes.slice(0, keys.size));
        return inner.save(writes);
      },
    }),
  ),
];

function tooLarge(retryable = false): HearthError {
  return new HearthError('record-too-large', 'It does not fit.', { retryable });
}

type Judge = (write: RecordWrite) => HearthError | undefined;

function stating(save: (inner: MemoryStore, write: RecordWrite) => SaveResult | undefined): Defect {
  return (inner) => ({
    capabilities: memoryCapabilities,
    save: (writes) => eachWrite(inner, writes, (write) => save(inner, write)),
  });
}

function judging(name: string, breaks: readonly string[], judge: Judge): BrokenStore {
  const save = (_: MemoryStore, write: RecordWrite): SaveResult | undefined => {
    const error = judge(write) ?? misfit({ ...write, body: '' }, memoryCapabilities);
    return error && { outcome: 'failed', error };
  };
  return twin(name, breaks, stating(save), anySize);
}

function spelling(
  name: string,
  breaks: readonly string[],
  spell: (key: string) => string,
): BrokenStore {
  return twin(name, breaks, (inner) => ({
    load: (keys) => inner.load(keys.map(spell)),
    save: (writes) =>
      eachWrite(inner, writes, (write) => saveNow(inner, { ...write, key: spell(write.key) })),
  }));
}
