import { isHearthError, type Principal } from '@hearth/core';
import { logger } from '@hearth/node';
import { meters } from '@hearth/testing/conformance';
import {
  dynamoStream,
  eventBridge,
  http,
  iotMessages,
  iotRule,
  kafka,
  kinesis,
  s3,
  sns,
  sqs,
  type LambdaContext,
} from '../src/index.ts';
import type { PlainPayload } from '@hearth/core/trigger';
import { borrowPorts, type RemotePorts } from './remote-runtime.ts';

/** What an invocation of a case brings in its client context. */
export interface CaseContext {
  readonly trigger: keyof typeof triggers;
  readonly ports: RemotePorts;
}

interface Options extends ReturnType<typeof borrowPorts> {
  readonly logger: ReturnType<typeof logger>;
}

const silent = logger({ level: 'silent' });
const said = (text: unknown) => JSON.parse(String(text)) as Principal;

/** An event whose every word is in the key of an object, for S3 carries nothing else. */
function inKey({ body }: { readonly body: unknown }): PlainPayload {
  const { key } = body as { readonly key: string };
  const { specversion, ...event } = JSON.parse(key) as { specversion: string; data: unknown };
  if (specversion !== '1.0' || !('id' in event)) throw new TypeError('The key is no event.');
  return { ...(event as unknown as PlainPayload), data: () => event.data };
}

// Each channel proves who speaks by something that the sender does not choose: here the whole principal stands in it.
const triggers = {
  sqs: (options: Options) =>
    sqs(meters, { ...options, principal: ({ native }) => said(native.attributes['SenderId']) }),
  kinesis: (options: Options) =>
    kinesis(meters, { ...options, principal: ({ native }) => said(native.kinesis.partitionKey) }),
  kafka: (options: Options) =>
    kafka(meters, {
      ...options,
      principal: ({ native }) => said(Buffer.from(native.key ?? '', 'base64')),
    }),
  dynamoStream: (options: Options) =>
    dynamoStream(meters, { ...options, principal: ({ native }) => said(native.keys['sender']) }),
  sns: (options: Options) =>
    sns(meters, { ...options, principal: ({ native }) => said(native.Sns.TopicArn) }),
  s3: (options: Options) =>
    s3(meters, {
      ...options,
      principal: ({ native }) => said(native.s3.bucket.name),
      plain: inKey,
    }),
  eventBridge: (options: Options) =>
    eventBridge(meters, { ...options, principal: ({ native }) => said(native.account) }),
  iotRule: (options: Options) => iotRule(meters, options),
  iotQueue: (options: Options) => sqs(meters, { ...options, iot: iotMessages() }),
  http: (options: Options) =>
    http(meters, {
      ...options,
      authenticate: ({ requestContext }) => said(requestContext.authorizer?.lambda?.['sender']),
    }),
};

/** The function that the runtime of Lambda runs for all cases. */
export async function handler(
  event: unknown,
  context: LambdaContext & { readonly clientContext: CaseContext },
): Promise<unknown> {
  const { trigger, ports } = context.clientContext;
  const run = triggers[trigger]({ ...borrowPorts(ports), logger: silent });
  try {
    return (await run(event, context)) ?? null;
  } catch (error) {
    if (isHearthError(error)) throw error;
    throw new Error('What a trigger throws must be a HearthError.', { cause: error });
  }
}
