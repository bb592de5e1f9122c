export type { AttributeValue, CloudEvent } from './cloud-event.ts';
export { HearthError, isHearthError } from './error.ts';
export type { HearthErrorCode, HearthErrorOptions } from './error.ts';
export { checkEvent } from './attributes.ts';
export { defaultLimits } from './limits.ts';
export type { Limits } from './limits.ts';
export { decodeBatch, decodeStructured, encodeBatch, encodeStructured } from './json.ts';
export {
  decodeHttp,
  encodeHttpBatch,
  encodeHttpBinary,
  encodeHttpStructured,
  httpMode,
} from './http.ts';
export type { HttpEvents, HttpHeaders, HttpInput, HttpMode, HttpOutput } from './http.ts';
export { decodeMqtt, encodeMqtt, mqttMode } from './mqtt.ts';
export type { MqttInput, MqttMode, MqttOptions, MqttOutput } from './mqtt.ts';
export { topicPattern } from './topic.ts';
export type { TopicParams, TopicPattern } from './topic.ts';
export { fromSdk, toSdk } from './sdk.ts';
export type { SdkEvent } from './sdk.ts';
export type { Body } from './utf8.ts';
export { isTimestamp } from './time.ts';
export { fromBase64, isBase64, toBase64 } from './base64.ts';
export { hashFrom, hashState } from './sha256.ts';
export type { Midstate } from './sha256.ts';
export { toBase32, toBase64Url } from './hash-text.ts';
