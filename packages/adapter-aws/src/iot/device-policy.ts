import { HearthError } from '@hearth/core';

/** Where the policy holds, and what devices may use. */
export interface DevicePolicyOptions {
  readonly region: string;
  /** The twelve digits of the account. */
  readonly account: string;
  /** `aws` unless given: `aws-cn` and `aws-us-gov` are others. */
  readonly partition?: string;
  /** What all topics of a device begin with, before its name: `device` unless given. */
  readonly root?: string;
  /** The device that it is for, where a custom authorizer has found out; that of the certificate's thing unless given. */
  readonly device?: string;
  /** Whether a device may use its own shadow and its own jobs; no, unless asked for. */
  readonly shadow?: boolean;
  readonly jobs?: boolean;
}

/** A policy document of AWS IoT. */
export interface IotPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly IotStatement[];
}

/** A statement of such a policy. */
export interface IotStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: string;
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

// Replaced by the name of the thing whose certificate was presented; empty, and so of no use, if it is attached to none.
const thingOfCertificate = '${iot:Connection.Thing.ThingName}';

const attached = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } as const;

/**
 * Gives the policy for the certificates of devices that proves who they are: a device connects under the name of its thing only, and
 * publishes and subscribes below `<root>/<thing name>/` only. One policy serves all devices.
 *
 * The client id is what `iotRule` takes for the device. Attach every certificate to exactly one thing; a name with `/`, `+` or `#` cannot
 * be a thing's.
 *
 * @throws {HearthError} `invalid-option` for a region, an account or a root that cannot be one: a wildcard would let devices speak for others.
 */
export function devicePolicy(options: DevicePolicyOptions): IotPolicy {
  const { region, account, partition = 'aws', root = 'device', shadow, jobs, device } = options;
  assertMatches('region', region, /^[a-z]{2}(-[a-z]+)+-\d$/);
  assertMatches('account', account, /^\d{12}$/);
  assertMatches('partition', partition, /^aws(-[a-z]+)*$/);
  assertMatches('root', root, /^[\w.:=-]+(\/[\w.:=-]+)*$/);
  if (device !== undefined) assertMatches('device', device, /^[\w:-]{1,128}$/);
  const thing = device ?? thingOfCertificate;
  const arn = (kind: string, path: string) =>
    `arn:${partition}:iot:${region}:${account}:${kind}/${path}`;
  const reserved = [
    ...(shadow === true ? [`$aws/things/${thing}/shadow/*`] : []),
    ...(jobs === true ? [`$aws/things/${thing}/jobs/*`] : []),
  ];
  const paths = [`${root}/${thing}/*`, ...reserved];
  const own = (kind: string) => paths.map((path) => arn(kind, path));
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ConnectAsItself',
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: [arn('client', thing)],
        ...(device === undefined ? { Condition: attached } : {}),
      },
      { Sid: 'SayItsOwn', Effect: 'Allow', Action: 'iot:Publish', Resource: own('topic') },
      { Sid: 'HearItsOwn', Effect: 'Allow', Action: 'iot:Subscribe', Resource: own('topicfilter') },
      { Sid: 'ReceiveItsOwn', Effect: 'Allow', Action: 'iot:Receive', Resource: own('topic') },
    ],
  };
}

function assertMatches(field: string, value: string, pattern: RegExp): void {
  if (typeof value === 'string' && pattern.test(value)) return;
  const message = `"${field}" must match ${pattern.source}: a wildcard in it would let devices speak for others.`;
  throw new HearthError('invalid-option', message, { field });
}
