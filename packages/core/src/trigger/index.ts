export { messageInput, type Message } from './message.ts';
export type { Attributes } from './attributes.ts';
export type { Plain } from './plain.ts';
export { plainFrom, principalFrom } from './given.ts';
export type { PlainFrom, PlainPayload, PrincipalFrom } from './given.ts';
export { topicMap } from './topics.ts';
export type { Place, TopicMap, TopicMapOptions, TopicRule, TopicRules } from './topics.ts';
export type { TopicPrincipal, TopicSender } from './sender.ts';
export { anonymous } from '../ports/principal.ts';
export { httpInputs } from './http-inputs.ts';
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
export { httpSender, type HttpAuthenticate, type HttpSender } from './http-sender.ts';
