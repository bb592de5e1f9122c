import type {
  AzureFunctions,
  Invocation,
  RpcData,
  RpcHttp,
  RpcRequest,
} from './azure-functions.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A message as it lies in an event hub. */
export interface HubMessage {
  readonly body: Uint8Array;
  readonly properties?: Properties;
  /** What the sender's client and IoT Hub have written beside it. */
  readonly systemProperties?: Properties;
  readonly partitionKey?: string;
}

/** A message as it lies in a Service Bus queue. */
export interface BusMessage {
  readonly body: Uint8Array;
  readonly messageId?: string;
  readonly contentType?: string;
  readonly sessionId?: string;
  readonly correlationId?: string;
  readonly subject?: string;
  readonly deliveryCount?: number;
  readonly applicationProperties?: Properties;
}

type Rest = Pick<RpcRequest, 'retryContext' | 'traceContext'>;

const json = (value: unknown): RpcData => ({ json: JSON.stringify(value) });

// The extensions hand in UTC without saying so.
const enqueued = '2024-01-01T00:00:00.25';
const partition = {
  fullyQualifiedNamespace: 'acme.servicebus.windows.net',
  eventHubName: 'readings',
  consumerGroup: '$Default',
  partitionId: '3',
};

/**
 * Hands in messages of one partition as the host's Event Hubs extension does for `cardinality: 'many'`: bytes if the binding asks for
 * `binary`, else what is JSON parsed. `first` is the sequence number of the first.
 */
export function fromEventHub(
  worker: AzureFunctions,
  name: string,
  messages: readonly HubMessage[],
  { first = 1, ...rest }: Rest & { readonly first?: number } = {},
): Promise<Invocation> {
  const sequence = messages.map((_, index) => first + index);
  return worker.invoke(name, {
    ...rest,
    data: many(worker, name, messages),
    triggerMetadata: {
      PartitionContext: json(partition),
      PartitionKeyArray: json(messages.map(({ partitionKey = null }) => partitionKey)),
      OffsetArray: json(sequence.map((number) => String(number * 100))),
      SequenceNumberArray: json(sequence),
      EnqueuedTimeUtcArray: json(messages.map(() => enqueued)),
      PropertiesArray: json(messages.map(({ properties = {} }) => properties)),
      SystemPropertiesArray: json(
        messages.map(({ systemProperties = {}, partitionKey = null }, index) => ({
          ...systemProperties,
          SequenceNumber: sequence[index],
          Offset: String((sequence[index] ?? 0) * 100),
          PartitionKey: partitionKey,
          EnqueuedTimeUtc: enqueued,
        })),
      ),
    },
  });
}

/** Hands in messages as the host's Service Bus extension does: one of them, or all, as the binding's cardinality says. */
export function fromServiceBus(
  worker: AzureFunctions,
  name: string,
  messages: readonly BusMessage[],
  rest: Rest = {},
): Promise<Invocation> {
  const isMany = bindingOf(worker, name)['cardinality'] === 'many';
  const fields = {
    MessageId: messages.map(({ messageId = null }) => messageId),
    ContentType: messages.map(({ contentType = null }) => contentType),
    SessionId: messages.map(({ sessionId = null }) => sessionId),
    CorrelationId: messages.map(({ correlationId = null }) => correlationId),
    Subject: messages.map(({ subject = null }) => subject),
    DeliveryCount: messages.map(({ deliveryCount = 1 }) => deliveryCount),
    SequenceNumber: messages.map((_, index) => index + 1),
    EnqueuedTimeUtc: messages.map(() => enqueued),
    ApplicationProperties: messages.map(({ applicationProperties = {} }) => applicationProperties),
  };
  const metadata = Object.entries(fields).map(([field, values]) =>
    isMany ? ([`${field}Array`, json(values)] as const) : ([field, json(values[0])] as const),
  );
  return worker.invoke(name, {
    ...rest,
    data: isMany ? many(worker, name, messages) : one(worker, name, messages[0]?.body),
    triggerMetadata: Object.fromEntries(metadata),
  });
}

/** Hands in an event as the host's Event Grid extension does: the JSON as it was sent. */
export function fromEventGrid(
  worker: AzureFunctions,
  name: string,
  event: unknown,
  rest: Rest = {},
): Promise<Invocation> {
  const { data } = Object(event) as { readonly data?: unknown };
  const triggerMetadata = data === undefined ? {} : { data: json(data) };
  return worker.invoke(name, { ...rest, data: json(event), triggerMetadata });
}

/** Hands in an HTTP request, and gives the response. */
export async function fromHttp(
  worker: AzureFunctions,
  name: string,
  request: { readonly method?: string; readonly path?: string } & {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array;
  },
  rest: Rest = {},
): Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly logs: Invocation['logs'];
}> {
  const { method = 'POST', path = '/api/events', headers = {}, body } = request;
  const http: RpcHttp = {
    method,
    url: `https://acme.azurewebsites.net${path}`,
    headers,
    ...(body === undefined || body.length === 0 ? {} : { body: { bytes: body } }),
  };
  const { returned, logs } = await worker.invoke(name, { ...rest, data: { http } });
  const { statusCode, headers: answered = {}, body: sent } = returned?.http ?? {};
  const text = Buffer.from(sent?.bytes ?? []).toString();
  return { status: Number(statusCode), headers: answered, body: text, logs };
}

/** Lets a timer fire. */
export function fromTimer(
  worker: AzureFunctions,
  name: string,
  { isPastDue = false, ...rest }: Rest & { readonly isPastDue?: boolean } = {},
): Promise<Invocation> {
  const ScheduleStatus = { Last: enqueued, Next: enqueued, LastUpdated: enqueued };
  const timer = { Schedule: { AdjustForDST: true }, ScheduleStatus, IsPastDue: isPastDue };
  return worker.invoke(name, { ...rest, data: json(timer) });
}

function bindingOf(worker: AzureFunctions, name: string): Properties {
  const bindings = Object.values(worker.metadata(name).bindings);
  return bindings.find(({ direction }) => direction === 'in') ?? {};
}

const isBinary = (worker: AzureFunctions, name: string): boolean =>
  bindingOf(worker, name)['dataType'] === 'binary';

function many(
  worker: AzureFunctions,
  name: string,
  messages: readonly { readonly body: Uint8Array }[],
): RpcData {
  const bytes = messages.map(({ body }) => body);
  if (isBinary(worker, name)) return { collectionBytes: { bytes } };
  return { collectionString: { string: bytes.map((body) => Buffer.from(body).toString()) } };
}

function one(worker: AzureFunctions, name: string, body: Uint8Array = Buffer.alloc(0)): RpcData {
  return isBinary(worker, name) ? { bytes: body } : { string: Buffer.from(body).toString() };
}
