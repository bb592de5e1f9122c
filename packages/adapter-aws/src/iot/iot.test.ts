import { describe, expect, it } from 'vitest';
import { devicePolicy, type DevicePolicyOptions } from './device-policy.ts';
import { iotRuleSql } from './rule-sql.ts';

describe('iotRuleSql', () => {
  it('selects functions only, so that binary payloads pass and no key of a payload meets ours', () => {
    const sql = iotRuleSql('device/+/#');
    const [, columns = '', filter] = /^SELECT (.*) FROM '(.*)'$/.exec(sql) ?? [];
    expect(filter).toBe('device/+/#');
    for (const column of columns.split(/, (?=\w+\()/)) expect(column).toMatch(/^\w+\(.*\) AS \w+$/);
    expect(columns).toContain("encode(*, 'base64') AS data_base64");
    expect(columns).toContain('clientid() AS clientid');
    expect(columns).not.toMatch(/(^|, )\*/);
  });

  it.each(['+/telemetry', '#', 'device/+', '$aws/things/+/shadow/update', 'a b/ü'])(
    'takes the filter %j',
    (filter) => {
      expect(iotRuleSql(filter)).toContain(`FROM '${filter}'`);
    },
  );

  it.each(['', "a' OR '1'='1", 'a/#/b', 'a+/b', 'a#', 'a\nb', 'a"b', 'a\\'])(
    'refuses the filter %j',
    (filter) => {
      expect(() => iotRuleSql(filter)).toThrow('must be an MQTT topic filter');
    },
  );
});

const options: DevicePolicyOptions = { region: 'eu-central-1', account: '123456789012' };
const arn = 'arn:aws:iot:eu-central-1:123456789012';

/** Decides as AWS IoT does: replaces the variable by the thing of the certificate, then matches `*` and `?`. */
function isAllowed(thingName: string, action: string, resource: string, given = options): boolean {
  return devicePolicy(given).Statement.some(({ Action, Resource }) => {
    const patterns = Resource.map((one) =>
      one.replaceAll('${iot:Connection.Thing.ThingName}', thingName),
    );
    return Action === action && patterns.some((pattern) => matches(pattern, resource));
  });
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.\\+^$[\](){}|/]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

describe('devicePolicy', () => {
  it('lets a device connect as itself, and say and hear what is its own', () => {
    expect(isAllowed('a', 'iot:Connect', `${arn}:client/a`)).toBe(true);
    expect(isAllowed('a', 'iot:Publish', `${arn}:topic/device/a/temperature`)).toBe(true);
    expect(isAllowed('a', 'iot:Subscribe', `${arn}:topicfilter/device/a/#`)).toBe(true);
    expect(isAllowed('a', 'iot:Receive', `${arn}:topic/device/a/set`)).toBe(true);
  });

  it.each([
    ['connect under another name', 'iot:Connect', 'client/b'],
    ['connect under a longer name', 'iot:Connect', 'client/ab'],
    ['publish for another', 'iot:Publish', 'topic/device/b/temperature'],
    [
      'publish for one whose name begins like its own',
      'iot:Publish',
      'topic/device/ab/temperature',
    ],
    ['hear all', 'iot:Subscribe', 'topicfilter/device/+/#'],
    ['hear another', 'iot:Receive', 'topic/device/b/set'],
    ['write its shadow unasked', 'iot:Publish', 'topic/$aws/things/a/shadow/update'],
  ])('does not let a device %s', (_, action, resource) => {
    expect(isAllowed('a', action, `${arn}:${resource}`)).toBe(false);
  });

  it('opens the shadow and the jobs of a device to itself only where asked to', () => {
    const given = { ...options, shadow: true, jobs: true };
    const topic = (name: string, what: string) => `${arn}:topic/$aws/things/${name}/${what}`;
    expect(isAllowed('a', 'iot:Publish', topic('a', 'shadow/update'), given)).toBe(true);
    expect(isAllowed('a', 'iot:Receive', topic('a', 'jobs/notify'), given)).toBe(true);
    expect(isAllowed('a', 'iot:Publish', topic('b', 'shadow/update'), given)).toBe(false);
  });

  it('is for certificates that are attached to a thing', () => {
    expect(devicePolicy(options).Statement[0]?.Condition).toEqual({
      Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
    });
  });

  it.each([
    ['region', { region: '*' }],
    ['account', { account: '*' }],
    ['account', { account: '12345' }],
    ['partition', { partition: 'aws*' }],
    ['root', { root: '*' }],
    ['root', { root: 'a/+' }],
    ['root', { root: '' }],
  ])('refuses a %s of %j, which would let devices speak for others', (field, wrong) => {
    expect(() => devicePolicy({ ...options, ...wrong })).toThrow(`"${field}" must match`);
  });
});
