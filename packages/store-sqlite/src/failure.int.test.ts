import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folder, type Folder } from '../test/folder.ts';
import { openDatabase } from './database.ts';
import { failureOf } from './failure.ts';
import { sqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';

let at: Folder;
let closing: (() => unknown)[] = [];

beforeEach(() => {
  at = folder();
});

afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
  at.remove();
});

function open(options: Partial<SqliteStoreOptions> = {}): SqliteStore {
  const store = sqliteStore({ file: at.file(), ...options });
  closing.push(() => store.close());
  return store;
}

function otherProcess(): DatabaseSync {
  const database = new DatabaseSync(at.file());
  closing.push(() => database.close());
  return database;
}

const write = (key: string, body: string, expected: string | null = null) => ({
  key,
  expected,
  body,
  due: null,
  tags: {},
});

describe('while another process writes', () => {
  it('a save waits for it', async () => {
    const store = open();
    const other = otherProcess();
    other.exec('BEGIN IMMEDIATE');
    const saving = store.save([write('h/1', 'one')]);
    setImmediate(() => other.exec('COMMIT'));
    expect(await saving).toMatchObject([{ outcome: 'saved' }]);
  });

  it('a save gives up in the end, is retryable, and has not happened', async () => {
    const store = open({ busyTimeoutMs: 10 });
    const other = otherProcess();
    other.exec('BEGIN IMMEDIATE');
    await expect(store.save([write('h/1', 'one')])).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
      message: expect.stringContaining('is locked by another process') as string,
    });
    other.exec('COMMIT');
    expect(await store.load(['h/1'])).toEqual([undefined]);
  });

  it('a load does not wait', async () => {
    const store = open();
    await store.save([write('h/1', 'one')]);
    otherProcess().exec('BEGIN IMMEDIATE');
    expect(await store.load(['h/1'])).toMatchObject([{ body: 'one' }]);
  });
});

describe('on a full disk', () => {
  const large = 'x'.repeat(50_000);

  it('a save that has no room fails and may be tried again', async () => {
    const store = open({ maxFileBytes: 100_000 });
    const results = await store.save([write('h/1', large), write('h/2', large)]);
    expect(results).toMatchObject([
      { outcome: 'failed', error: { code: 'store-unavailable', retryable: true } },
      { outcome: 'failed', error: { message: expect.stringContaining('no room') as string } },
    ]);
    expect(await store.load(['h/1', 'h/2'])).toEqual([undefined, undefined]);
  });

  it('a save that has room is done, although one beside it has none', async () => {
    const store = open({ maxFileBytes: 100_000 });
    const [small, tooMuch] = await Promise.all([
      store.save([write('h/1', 'one')]),
      store.save([write('h/2', large), write('h/3', large)]),
    ]);
    expect(small).toMatchObject([{ outcome: 'saved' }]);
    expect(tooMuch).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }]);
  });
});

describe('a file that is no longer there', () => {
  it.each([
    ['was deleted', () => rmSync(at.file())],
    [
      'was replaced by a backup',
      () => {
        copyFileSync(at.file(), at.file('backup.db'));
        renameSync(at.file('backup.db'), at.file());
      },
    ],
  ])('takes no save that would be lost with the process, after it %s', async (_, happens) => {
    const store = open();
    await store.save([write('h/1', 'one')]);
    happens();
    await expect(store.save([write('h/2', 'two')])).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
      message: expect.stringContaining('was deleted or replaced') as string,
    });
  });

  it('is not missed by a database in memory', async () => {
    expect(await open({ file: ':memory:' }).save([write('h/1', 'one')])).toMatchObject([
      { outcome: 'saved' },
    ]);
  });
});

describe('opening', () => {
  const failing = (file: string) => {
    try {
      open({ file });
    } catch (error) {
      return error;
    }
    throw new Error('It opened.');
  };

  it('a file in a folder that is not there says so', () => {
    expect(failing(at.file('no/store.db'))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/no\/store\.db" cannot be opened/) as string,
    });
  });

  it('a file that may only be read lets it be read, and a save says why it is not', async () => {
    await open().save([write('h/1', 'one')]);
    const store = open({ file: `file:${at.file()}?mode=ro` });
    expect(await store.load(['h/1'])).toMatchObject([{ body: 'one' }]);
    await expect(store.save([write('h/2', 'two')])).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
      message: expect.stringContaining('may only be read') as string,
    });
  });

  it('a file that is no database is an error for good', () => {
    writeFileSync(at.file('notes.txt'), 'Buy milk. '.repeat(100));
    expect(failing(at.file('notes.txt'))).toMatchObject({
      code: 'store-unavailable',
      retryable: false,
      message: expect.stringContaining('is no SQLite database') as string,
    });
  });

  it('tables of a newer version names both versions', () => {
    open();
    otherProcess().exec('UPDATE hearth_schema SET version = 7');
    expect(failing(at.file())).toMatchObject({
      code: 'record-newer',
      retryable: false,
      message: expect.stringMatching(/version 7.*up to 1\. Update/) as string,
    });
  });

  it('on a Node.js without SQLite names its version', () => {
    const file = at.file();
    const names = /needs Node\.js 22\.13 or newer; this is v20\.20\.2/;
    expect(() => openDatabase({ file }, { version: 'v20.20.2' })).toThrow(names);
    const without = { version: 'v20.20.2', getBuiltinModule: () => undefined };
    expect(() => openDatabase({ file }, without)).toThrow(names);
  });
});

describe('failureOf', () => {
  it('takes a failed disk for an unknown end', () => {
    const failure = failureOf(
      Object.assign(new Error('disk I/O error'), { errcode: 1034 }),
      'x.db',
    );
    expect(failure).toMatchObject({ kind: 'lost', error: { retryable: true } });
  });

  it('does not hide an error that it does not know', () => {
    const cause = new TypeError('odd');
    expect(failureOf(cause, 'x.db').error).toMatchObject({
      message: 'The database "x.db" cannot be used (odd).',
      cause,
    });
  });
});
