import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** The names of the two indexes. */
export const indexes = { due: 'due', tag: 'tag' } as const;

/** The part of a table's description that the store relies on. */
export type DynamoTable = Required<
  Pick<
    CreateTableCommandInput,
    'TableName' | 'BillingMode' | 'AttributeDefinitions' | 'KeySchema' | 'GlobalSecondaryIndexes'
  >
>;

/**
 * Describes the table that `dynamoStore` needs: the input of `CreateTable`, and as JSON the `Properties` of an `AWS::DynamoDB::Table`.
 *
 * A record is the item (`pk` = its key, `sk` = `record`), each of its tags one more item beside it (`sk` = `tag/…`). Two sparse indexes
 * hold keys only: `due` by `shard` and instant, `tag` by handler, tag and value. Billing is by request; encryption, backups and
 * protection against deletion are yours to add. Backups keep what was erased until they expire.
 */
export function dynamoTable(name: string): DynamoTable {
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
      { AttributeName: 'shard', AttributeType: 'N' },
      { AttributeName: 'due', AttributeType: 'N' },
      { AttributeName: 'tag', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [index(indexes.due, 'shard', 'due'), index(indexes.tag, 'tag', 'pk')],
  };
}

function index(name: string, hash: string, range: string) {
  return {
    IndexName: name,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' as const },
      { AttributeName: range, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  };
}
