import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { attempt, type Attempted } from '../attempt.ts';
import { failureOf } from './failure.ts';

/** The SDK, once it is loaded. */
export type Sdk = typeof import('@aws-sdk/client-dynamodb');

/** One table, reached through the SDK. */
export interface Connection {
  readonly table: string;
  /** Runs requests, not more at once than there are sockets. */
  readonly limited: <T>(work: () => Promise<T>) => Promise<T>;
  open(): Promise<{ readonly sdk: Sdk; readonly client: DynamoDBClient }>;
}

/** The attributes of an item. */
export type Item = Record<string, AttributeValue>;

/** A condition or a filter on an item. */
export interface Expression {
  readonly text: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

const namesAndValues = ({ names, values }: Expression) => ({
  ...(names === undefined ? {} : { ExpressionAttributeNames: { ...names } }),
  ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
});

/** Puts an item if a condition holds; never throws. */
export async function put(
  { table, limited, open }: Connection,
  item: Item,
  condition: Expression,
): Promise<Attempted<unknown>> {
  const { sdk, client } = await open();
  const command = new sdk.PutItemCommand({
    TableName: table,
    Item: item,
    ConditionExpression: condition.text,
    ...namesAndValues(condition),
  });
  return attempt(command, () => limited(() => client.send(command)));
}

/** Deletes an item if a condition holds; never throws. */
export async function remove(
  { table, limited, open }: Connection,
  key: Item,
  condition?: Expression,
): Promise<Attempted<unknown>> {
  const { sdk, client } = await open();
  const command = new sdk.DeleteItemCommand({
    TableName: table,
    Key: key,
    ...(condition === undefined
      ? {}
      : { ConditionExpression: condition.text, ...namesAndValues(condition) }),
  });
  return attempt(command, () => limited(() => client.send(command)));
}

/** What is read in pages, from the table itself (consistently) or from an index. */
export interface Question {
  readonly index?: string;
  readonly where: Expression;
  readonly limit?: number;
  readonly start?: Item;
}

/** Items in the order of their sort key; `next` is absent on the last page. */
export interface Page {
  readonly items: readonly Item[];
  readonly next?: Item;
}

/** @throws {HearthError} `store-unavailable`. */
export async function ask(
  { table, limited, open }: Connection,
  { index, where, limit, start }: Question,
): Promise<Page> {
  const { sdk, client } = await open();
  const command = new sdk.QueryCommand({
    TableName: table,
    KeyConditionExpression: where.text,
    ...namesAndValues(where),
    ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
    ...(limit === undefined ? {} : { Limit: limit }),
    ...(start === undefined ? {} : { ExclusiveStartKey: start }),
  });
  try {
    const { Items = [], LastEvaluatedKey: next } = await limited(() => client.send(command));
    return next === undefined ? { items: Items } : { items: Items, next };
  } catch (error) {
    throw failureOf(error, table);
  }
}
