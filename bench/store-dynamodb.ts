import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { dynamoStore, dynamoTable } from '@hearth/adapter-aws/dynamodb';
import { startDynaliteProcess } from '@hearth/emulators/dynalite';
import type { Figures } from './figure.ts';
import { savingFigures, type BareClient } from './saving.ts';

/** Measures saves into dynalite, which runs in a process of its own and keeps everything in memory. */
export async function measure(): Promise<Figures> {
  const emulator = await startDynaliteProcess();
  const where = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  };
  const clients = [new DynamoDBClient(where), new DynamoDBClient(where)] as const;
  try {
    const [client, bareClient] = clients;
    await client.send(new CreateTableCommand(dynamoTable('hearth')));
    const store = dynamoStore({ table: 'hearth', client });
    const note = 'in dynalite, whose own time is most of it, on both sides';
    const against = '@aws-sdk/client-dynamodb, one UpdateItem with a condition';
    return await savingFigures('dynamodb', store, await bare(bareClient), against, { note });
  } finally {
    for (const client of clients) client.destroy();
    await emulator.stop();
  }
}

/** A table of its own, which has no indexes. */
async function bare(client: DynamoDBClient): Promise<BareClient> {
  const TableName = 'bare';
  const { BillingMode } = dynamoTable(TableName);
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  return {
    async create(key, body) {
      const Item = { pk: { S: key }, v: { N: '1' }, body: { S: body } };
      const ConditionExpression = 'attribute_not_exists(pk)';
      await client.send(new PutItemCommand({ TableName, Item, ConditionExpression }));
      return '1';
    },
    async update(key, body, version) {
      const next = String(Number(version) + 1);
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key: { pk: { S: key } },
          UpdateExpression: 'SET v = :next, body = :body',
          ConditionExpression: 'v = :v',
          ExpressionAttributeValues: {
            ':next': { N: next },
            ':v': { N: version },
            ':body': { S: body },
          },
        }),
      );
      return next;
    },
  };
}
