import type { Recorded } from './recorder.ts';
import type { Template } from './cloudformation.ts';

/** An action on a resource of the template, such as `dynamodb:PutItem Records`; in a grant, `*` stands for anything. */
export type Right = `${string} ${string}`;

/** The resources behind what an entry is told by its environment. */
const named: Readonly<Record<string, string>> = {
  home: 'Records',
  'dead-letters': 'DeadLetters',
  wakes: 'Wakes',
};

/** The rights that IAM would have asked for, for requests that the SDK has sent. */
export function rightsUsed(requests: readonly Recorded[]): ReadonlySet<Right> {
  return new Set(requests.flatMap(rightsOf));
}

function rightsOf({ url, headers, body }: Recorded): readonly Right[] {
  const topic = /^\/topics\/([^?]+)\?(.*)/.exec(url);
  if (topic !== null) {
    const name = `topic/${decodeURIComponent(topic[1] ?? '')}`;
    // A message that the broker keeps needs both.
    const isRetained = /\bretain=true\b/.test(topic[2] ?? '');
    return [`iot:Publish ${name}`, ...(isRetained ? ([`iot:RetainPublish ${name}`] as const) : [])];
  }
  const [service, operation = ''] = String(headers['x-amz-target']).split('.');
  const input = JSON.parse(body) as {
    readonly TableName?: string;
    readonly IndexName?: string;
    readonly RequestItems?: object;
    readonly QueueUrl?: string;
  };
  if (service === 'AmazonSQS') {
    // A batch of messages needs the right to send one.
    return [
      `sqs:${operation.replace('Batch', '')} ${named[input.QueueUrl?.split('/').at(-1) ?? '']}`,
    ];
  }
  const tables =
    input.TableName === undefined ? Object.keys(input.RequestItems ?? {}) : [input.TableName];
  const index = input.IndexName === undefined ? '' : `/index/${input.IndexName}`;
  return tables.map((table): Right => `dynamodb:${operation} ${named[table]}${index}`);
}

/** The rights that a function of the template needs because of how it is set up, and not because of what it does. */
export function rightsOfSetup({ Globals, Resources }: Template, name: string): ReadonlySet<Right> {
  const { Events = {} } = (Resources[name]?.Properties ?? {}) as {
    Events?: Record<string, Source>;
  };
  const queues = Object.values(Events).flatMap(({ Type, Properties }) =>
    Type === 'SQS' ? resourceOf(Properties.Queue) : [],
  );
  const polls = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];
  const { Tracing, LoggingConfig, KmsKeyArn } = Globals.Function as Readonly<Record<string, never>>;
  return new Set<Right>([
    ...queues.flatMap((queue) => polls.map((poll): Right => `sqs:${poll} ${queue}`)),
    ...(Tracing === 'Active'
      ? (['xray:PutTraceSegments *', 'xray:PutTelemetryRecords *'] as const)
      : []),
    ...(LoggingConfig === undefined
      ? []
      : (['logs:CreateLogStream Logs', 'logs:PutLogEvents Logs'] as const)),
    // The environment, the records and the messages are decrypted in the name of the function, and what it sends is encrypted.
    ...(KmsKeyArn === undefined ? [] : (['kms:Decrypt Key', 'kms:GenerateDataKey Key'] as const)),
  ]);
}

interface Source {
  readonly Type: string;
  readonly Properties: { readonly Queue: unknown };
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** The rights that the role of a function grants. */
export function rightsGranted({ Resources }: Template, name: string): ReadonlySet<Right> {
  const [roleName = ''] = resourceOf(Resources[name]?.Properties.Role);
  const role = Resources[roleName]?.Properties;
  const own = (role.Policies as { readonly PolicyDocument: object }[]).map(
    (one) => one.PolicyDocument,
  );
  const shared = (role.ManagedPolicyArns as { readonly Ref: string }[]).map(
    ({ Ref }) => Resources[Ref]?.Properties.PolicyDocument as object,
  );
  const statements = [...own, ...shared].flatMap(
    (document) => (document as { readonly Statement: readonly Statement[] }).Statement,
  );
  return new Set(
    statements.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          [Resource].flat().flatMap((one) => resourceOf(one).map((at): Right => `${action} ${at}`)),
        ),
    ),
  );
}

/** What a reference in the template points to: `Records`, `Records/index/due`, the end of an ARN, or anything. */
function resourceOf(value: unknown): readonly string[] {
  if (value === '*') return ['*'];
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text = '' } = value as Readonly<
    Record<string, string>
  >;
  if (attribute !== undefined) return [attribute.split('.')[0] ?? ''];
  const inner = /^\$\{(\w+)\.Arn\}(.*)$/.exec(text);
  if (inner !== null) return [`${inner[1]}${inner[2]}`];
  return [text.split(':').at(-1) ?? ''];
}

/** Whether a grant covers a right: actions are equal, and the resource fits. */
export function covers(grant: Right, right: Right): boolean {
  const pattern = grant
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${pattern.join('.*')}$`).test(right);
}
