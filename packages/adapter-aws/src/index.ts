export { decodeSqs, sqs } from './trigger/sqs.ts';
export type {
  SqsAttribute,
  SqsDecodeOptions,
  SqsHandler,
  SqsOptions,
  SqsRecord,
} from './trigger/sqs.ts';
export { iotRule, decodeIotRule } from './trigger/iot-rule.ts';
export type { IotRuleDecodeOptions, IotRuleOptions } from './trigger/iot-rule.ts';
export { decodeEventBridge, eventBridge } from './trigger/event-bridge.ts';
export type { EventBridgeDecodeOptions, EventBridgeOptions } from './trigger/event-bridge.ts';
export { decodeHttp, http } from './trigger/http.ts';
export type { HttpHandler, HttpOptions, HttpResult } from './trigger/http.ts';
export { bearer, iamCaller, jwtClaim } from './trigger/http-request.ts';
export type { Authenticate, HttpAuthorizer, HttpEvent } from './trigger/http-request.ts';
export { schedule } from './trigger/schedule.ts';
export type { ScheduleHandler, ScheduleOptions } from './trigger/schedule.ts';
export { decodeSns, sns } from './trigger/sns.ts';
export type { AsyncHandler, SnsDecodeOptions, SnsOptions, SnsRecord } from './trigger/sns.ts';
export { decodeS3, s3 } from './trigger/s3.ts';
export type { S3DecodeOptions, S3Options } from './trigger/s3.ts';
export { decodeKinesis, kinesis } from './trigger/kinesis.ts';
export type {
  KinesisDecodeOptions,
  KinesisOptions,
  KinesisRecord,
  StreamHandler,
} from './trigger/kinesis.ts';
export { decodeDynamoStream, dynamoStream } from './trigger/dynamo-stream.ts';
export type {
  DynamoChange,
  DynamoStreamDecodeOptions,
  DynamoStreamOptions,
} from './trigger/dynamo-stream.ts';
export { decodeKafka, kafka } from './trigger/kafka.ts';
export type {
  KafkaDecodeOptions,
  KafkaFailure,
  KafkaHandler,
  KafkaOptions,
  KafkaRecord,
} from './trigger/kafka.ts';
export type { BatchResponse } from './trigger/batch.ts';
export type { AwsOptions, LambdaContext } from './trigger/invocation.ts';
export type { AwsMessage, MessageOptions } from './trigger/message.ts';
export type {
  Envelope,
  EventBridgeEvent,
  IotMessage,
  S3Record,
  SnsNotification,
} from './trigger/envelope.ts';
export { iotMessages, type IotOptions, type IotReader } from './trigger/iot-message.ts';
export {
  storedObjects,
  type ObjectNews,
  type ObjectReader,
  type StoredObject,
} from './trigger/stored-object.ts';
export { iotRuleSql, iotSqlVersion } from './iot/rule-sql.ts';
export { devicePolicy } from './iot/device-policy.ts';
export type { DevicePolicyOptions, IotPolicy, IotStatement } from './iot/device-policy.ts';
export { authorizer } from './iot/authorizer.ts';
export type { AuthorizerAnswer, AuthorizerOptions, IotConnectRequest } from './iot/authorizer.ts';
export { provisioningHook } from './iot/provisioning-hook.ts';
export type {
  ProvisioningAnswer,
  ProvisioningClaim,
  ProvisioningHookOptions,
} from './iot/provisioning-hook.ts';
