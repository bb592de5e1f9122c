import { devicePolicy, iotRuleSql, iotSqlVersion } from '@hearth/adapter-aws';
import { dynamoTable } from '@hearth/adapter-aws/dynamodb';
import { describe, expect, it } from 'vitest';
import { template } from './test/cloudformation.ts';
import { settingsOf } from './test/source.ts';

const { Parameters, Globals, Resources } = template(new URL('aws/template.yaml', import.meta.url));
const of = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type);
const propertiesOf = (name: string) => Resources[name]?.Properties;

/** The text of `!Sub`, where the stack is in this region and account. */
function substituted(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => {
      const { 'Fn::Sub': text } = Object(inner) as { readonly 'Fn::Sub'?: string };
      return text === undefined
        ? inner
        : text
            .replaceAll('${AWS::Partition}', 'aws')
            .replaceAll('${AWS::Region}', 'eu-central-1')
            .replaceAll('${AWS::AccountId}', '123456789012')
            .replaceAll('${!', '${');
    }),
  );
}

describe('the template for AWS', () => {
  it('makes the table that the store needs', () => {
    const { TableName, ...shape } = dynamoTable('home');
    expect(propertiesOf('Records')).toMatchObject(shape);
    expect(propertiesOf('Records')).not.toHaveProperty('TableName');
    expect(TableName).toBe('home');
  });

  it('has the rule of AWS IoT that `iotMessages` reads', () => {
    expect(propertiesOf('Ingest').TopicRulePayload).toMatchObject({
      Sql: iotRuleSql('device/+/#'),
      AwsIotSqlVersion: iotSqlVersion,
    });
  });

  it('lets a device do what `devicePolicy` lets it do', () => {
    const policy = devicePolicy({ region: 'eu-central-1', account: '123456789012' });
    expect(substituted(propertiesOf('DevicePolicy').PolicyDocument)).toEqual(policy);
  });

  it('sets every setting that aws.ts reads, and no other', () => {
    const { Variables } = Globals.Function['Environment'] as { readonly Variables: object };
    const own = Object.keys(Variables).filter((name) => !name.startsWith('AWS_'));
    expect(own.toSorted()).toEqual(settingsOf('aws.ts'));
  });

  it('gives every queue from which a function reads a queue of dead letters', () => {
    const queues = of('AWS::Serverless::Function').flatMap(([, { Properties }]) =>
      Object.values(
        Properties.Events as Record<string, { readonly Properties: { Queue?: object } }>,
      ),
    );
    const names = queues.flatMap(({ Properties: { Queue } }) =>
      Queue === undefined ? [] : (String(Object.values(Queue)).split('.')[0] ?? ''),
    );
    expect(names.toSorted()).toEqual(['Readings', 'Wakes']);
    for (const name of names) {
      expect(propertiesOf(name).RedrivePolicy.deadLetterTargetArn).toEqual({
        'Fn::GetAtt': 'HostDeadLetters.Arn',
      });
    }
    const { maxReceiveCount } = propertiesOf('Readings').RedrivePolicy as {
      maxReceiveCount: number;
    };
    expect(maxReceiveCount).toBe(10);
  });

  it('reports the messages of a batch one by one, and gives the function time', () => {
    const { Timeout, Events } = propertiesOf('Decide');
    expect(Events.Readings.Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    expect(propertiesOf('Readings').VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout);
    expect(propertiesOf('Wakes').VisibilityTimeout).toBeGreaterThanOrEqual(
      6 * propertiesOf('Sweep').Timeout,
    );
  });

  it('sweeps every minute, whether or not anything fails', () => {
    expect(propertiesOf('Sweep').Events.EveryMinute.Properties).toEqual({
      ScheduleExpression: 'rate(1 minute)',
      RetryPolicy: { MaximumRetryAttempts: 0 },
    });
  });

  it('encrypts all that is kept with the key of the stack, which survives it', () => {
    const key = [{ Ref: 'Key' }, { 'Fn::GetAtt': 'Key.Arn' }];
    const keys = Object.values(Resources).flatMap(({ Type, Properties }) => {
      if (Type === 'AWS::SQS::Queue') return [Properties.KmsMasterKeyId];
      if (Type === 'AWS::Logs::LogGroup') return [Properties.KmsKeyId];
      return Type === 'AWS::DynamoDB::Table' ? [Properties.SSESpecification.KMSMasterKeyId] : [];
    });
    expect(keys).toHaveLength(6);
    for (const one of [...keys, Globals.Function['KmsKeyArn']]) expect(key).toContainEqual(one);
    expect([Resources['Key']?.DeletionPolicy, Resources['Records']?.DeletionPolicy]).toEqual([
      'Retain',
      'Retain',
    ]);
  });

  it('keeps instances warm in production, keeps logs for a while, and raises alarms', () => {
    expect(propertiesOf('Decide').ProvisionedConcurrencyConfig['Fn::If'][0]).toBe('IsProduction');
    expect(propertiesOf('Logs').RetentionInDays).toEqual({ Ref: 'LogRetentionDays' });
    expect(of('AWS::CloudWatch::Alarm').map(([name]) => name)).toHaveLength(5);
    expect(Parameters).toHaveProperty('Stage.AllowedValues', ['staging', 'production']);
  });
});
