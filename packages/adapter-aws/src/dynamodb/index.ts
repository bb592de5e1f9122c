export { dynamoStore, type DynamoStoreOptions } from './dynamo-store.ts';
export { dynamoTable, type DynamoTable } from './dynamo-table.ts';
