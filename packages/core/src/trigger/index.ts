export { messageInput, type Message } from './message.ts';
export type { Attributes } from './attributes.ts';
export type { Plain } from './plain.ts';
export { givenOf, plainFrom, principalFrom } from './given.ts';
export type { Given, PlainFrom, PlainPayload, PrincipalFrom } from './given.ts';
export { carefully, recordOf, textOf, uriOf } from './native.ts';
export { topicMap } from './topics.ts';
export type { Place, TopicMap, TopicMapOptions, TopicRule, TopicRules } from './topics.ts';
export type { TopicPrincipal, TopicSender } from './sender.ts';
export { anonymous } from '../ports/principal.ts';
export { httpInputs, rawPairs } from './http-inputs.ts';
export type { HttpInputs, HttpInputsOptions, HttpMessage } from './http-inputs.ts';
export { httpAnswer, httpBusy, httpRefusal } from './http-answer.ts';
export type { HttpAnswer, HttpAnswerOptions, WhenRejected } from './http-answer.ts';
export { httpReplies, type HttpReplies, type ReplyType } from './http-reply.ts';
export { webhookHandshake, type Webhook } from './http-webhook.ts';
export { httpFailure, httpHandling, httpReceiver } from './http-receiver.ts';
export type {
  HandleInputs,
  HttpHandlingOptions,
  HttpReceiverOptions,
  HttpRequest,
} from './http-receiver.ts';
export { bearerToken, httpSender } from './http-sender.ts';
export type { HttpAuthenticate, HttpSender, VerifyToken } from './http-sender.ts';
export { sweepAll, throwIfRetry, timed, warnOfAnonymous, type TimedRuntime } from './invocation.ts';
