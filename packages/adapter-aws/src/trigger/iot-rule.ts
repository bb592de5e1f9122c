import { HearthError, type App, type Input } from '@hearth/core';
import { carefully, throwIfRetry } from '@hearth/core/trigger';
import { envelopeOf } from './envelope.ts';
import { invoker, runtimeOf, type AwsOptions } from './invocation.ts';
import { iotMessages, type IotOptions } from './iot-message.ts';
import { messageReader, refused, type MessageOptions } from './message.ts';
import type { AsyncHandler } from './sns.ts';

/** How messages of a rule are read. */
export interface IotRuleDecodeOptions
  extends IotOptions, Pick<MessageOptions<unknown>, 'limits' | 'plain'> {
  /**
   * The SQL of the rule. `hearth`, the default, is that of `iotRuleSql`, and nothing else is taken. `plain` is `SELECT *`: what comes is
   * the payload itself, in which a device may write anything, and nobody knows who sent it. Then `plain` says what it is, and a fixed
   * `principal` who speaks, if only that one may publish there.
   */
  readonly sql?: 'hearth' | 'plain';
}

/** How a rule is handled. */
export interface IotRuleOptions extends AwsOptions, IotRuleDecodeOptions {}

/**
 * Runs an app on the messages that a rule of AWS IoT hands to the function. It answers as `sns` does.
 *
 * The device is the client id of the connection, as the SQL of `iotRuleSql` sets it beside the encoded payload: nothing in a payload can take
 * its place. It is proved by a policy that binds the client id to the certificate's thing, as `devicePolicy` does. Let only that rule
 * invoke the function.
 */
export function iotRule(app: App, options: IotRuleOptions): AsyncHandler {
  const read = reader(options);
  const isKnown = options.sql !== 'plain' || options.principal !== undefined;
  const invoke = invoker(app, runtimeOf(options, isKnown));
  return async (event, context) => {
    // Lambda keeps it when it invokes again, so that it tells a repetition where the message has no id.
    throwIfRetry(
      await invoke(read(event, Object(context).awsRequestId as string | undefined), context),
    );
  };
}

/** Reads the input out of what a rule hands in: what `iotRule` handles. `id` is that of a message that has none. Never throws. */
export function decodeIotRule(
  event: unknown,
  options: IotRuleDecodeOptions = {},
  id?: string,
): readonly Input[] {
  return reader(options)(event, id);
}

function reader(options: IotRuleDecodeOptions) {
  const { sql = 'hearth', limits } = options;
  const common = limits === undefined ? {} : { limits };
  const read =
    sql === 'hearth'
      ? messageReader({ ...common, iot: iotMessages(options) })
      : messageReader({ ...common, ...plainOptions(options) });
  return (event: unknown, id: string | undefined): readonly Input[] =>
    carefully(event, () => {
      const found = { native: event, json: event ?? null, id, source: 'iot' };
      if (sql === 'plain' || envelopeOf(event)?.kind === 'iot') return read(found);
      const message =
        'The SQL of the rule must be that of iotRuleSql, or the option "sql" be "plain".';
      return [refused(found, new HearthError('invalid-event', message, { field: 'data_base64' }))];
    });
}

function plainOptions({ plain, principal, topics }: IotRuleDecodeOptions): MessageOptions<unknown> {
  if (topics !== undefined || typeof principal === 'function' || principal === 'topic') {
    const field = topics === undefined ? 'principal' : 'topics';
    const message = `"${field}" needs the SQL of iotRuleSql: a plain payload says nothing of its topic and its sender that could be trusted.`;
    throw new HearthError('invalid-option', message, { field });
  }
  return {
    ...(plain === undefined ? {} : { plain }),
    ...(principal === undefined || principal === 'anonymous' ? {} : { principal }),
  };
}
