import type { Input } from '@hearth/core';
import { carefully, recordOf, textOf } from '@hearth/core/trigger';
import type { FunctionContext } from './context.ts';
import { readMessage, type AzureMessage, type MessageOptions } from './message.ts';
import { digitsOf, instantOf, listOf, countOf } from './metadata.ts';
import { hopOf } from './trace.ts';

/** Where messages lie. */
export interface BusQueue {
  /** The source of plain payloads. */
  readonly source: string;
  readonly maxDeliveryCount: number;
}

/** Reads the messages of a call, whose metadata are lists beside many bodies or values beside one, into inputs; never throws. */
export function busInputs(
  messages: unknown,
  context: FunctionContext,
  options: MessageOptions,
  queue: BusQueue,
): readonly Input[] {
  const metadata = recordOf(context.triggerMetadata);
  const isMany = Array.isArray(messages) && Array.isArray(metadata['messageIdArray']);
  const bodies: readonly unknown[] = isMany ? messages : [messages];
  const inputOf = (body: unknown, index: number) => {
    const at = (name: string): unknown => {
      if (isMany) return listOf(metadata[`${name}Array`])[index];
      // Beside a body that is text, the host puts what is in it over its metadata.
      return body instanceof Uint8Array ? metadata[name] : undefined;
    };
    return busInput(body, at, context, options, queue);
  };
  return bodies.flatMap((body, index) => carefully(body, () => [inputOf(body, index)]));
}

function busInput(
  body: unknown,
  at: (name: string) => unknown,
  context: FunctionContext,
  options: MessageOptions,
  { source, maxDeliveryCount }: BusQueue,
): Input {
  const systemProperties = Object.fromEntries(
    brokerProperties.map((name) => [name, at(name)] as const),
  );
  const { contentType, messageId, sessionId, sequenceNumber } = systemProperties;
  const message: AzureMessage = {
    body,
    properties: recordOf(at('applicationProperties') ?? at('userProperties')),
    systemProperties,
    contentType: textOf(contentType),
    key: textOf(sessionId),
  };
  const attempt = countOf(at('deliveryCount'));
  const native = {
    id: textOf(messageId) ?? digitsOf(sequenceNumber),
    source,
    time: instantOf(at('enqueuedTimeUtc')),
    order: textOf(sessionId),
    traceparent: hopOf(context, message.properties),
    ...(attempt === undefined ? {} : { attempt, lastAttempt: attempt >= maxDeliveryCount }),
  };
  return readMessage(message, native, options);
}

const brokerProperties = [
  'messageId',
  'sessionId',
  'contentType',
  'correlationId',
  'subject',
  'to',
  'replyTo',
  'sequenceNumber',
  'enqueuedTimeUtc',
];
