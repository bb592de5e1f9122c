export { serve, type Served, type ServeOptions } from './serve.ts';
export { knative } from './knative.ts';
export { faas } from './faas.ts';
export type { FaasAnswer, FaasContext, FaasFunction, FaasOptions } from './faas.ts';
export type { KnativeOptions } from './options.ts';
export { decode, type Decoded, type DecodeOptions, type HttpMessage } from './decode.ts';
export {
  bearer,
  sharedToken,
  trustedHeader,
  type Authenticate,
  type AuthenticateHead,
  type RequestHead,
  type SharedToken,
  type TrustedHeader,
} from './auth.ts';
export type { ReplyType, Webhook, WhenRejected } from '@hearth/core/trigger';
export { sink, type Sink } from './sink.ts';
export type { SinkOptions } from './sink-options.ts';
export type { Overrides } from './overrides.ts';
