import { expect, it } from 'vitest';
import { dynamoStore } from './dynamo-store.ts';
import { dynamoTable } from './dynamo-table.ts';

it.each([
  [{ table: '' }, 'table'],
  [{ table: 'home', dueShards: 0 }, 'dueShards'],
  [{ table: 'home', concurrency: 1.5 }, 'concurrency'],
])('refuses options that cannot work: %j', (options, field) => {
  expect(() => dynamoStore(options)).toThrow(
    expect.objectContaining({ code: 'invalid-option', field }) as Error,
  );
});

it('describes a table whose indexes hold keys only', () => {
  const table = dynamoTable('home');
  expect(table.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual(['due', 'tag']);
  expect(JSON.parse(JSON.stringify(table))).toEqual(table);
});
