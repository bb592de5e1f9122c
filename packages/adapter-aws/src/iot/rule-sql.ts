import { HearthError } from '@hearth/core';

/** The version of AWS IoT SQL that a rule with `iotRuleSql` must have. */
export const iotSqlVersion = '2016-03-23';

const columns = [
  "encode(*, 'base64') AS data_base64",
  'topic() AS topic',
  'clientid() AS clientid',
  'principal() AS principal',
  'timestamp() AS ts',
  'traceid() AS traceid',
  "get_mqtt_property('content_type') AS ct",
  'get_user_properties() AS properties',
];

/**
 * Gives the SQL of a rule of AWS IoT (version `iotSqlVersion`) whose messages `iotRule` and `iotMessages` read.
 *
 * The payload is encoded, so that binary ones pass and no key of it can stand for the client id, the topic or the time that the rule adds;
 * with `SELECT *, clientid() AS clientid` a device could send a `clientid` of its own.
 *
 * @throws {HearthError} `invalid-topic` for what is no topic filter: an empty one, or one with a quote, `+` or `#` inside of a level, or
 * `#` before its end.
 */
export function iotRuleSql(filter: string): string {
  const levels = filter.split('/');
  const isFilter =
    filter !== '' &&
    !/['"\\\p{Cc}]/u.test(filter) &&
    levels.every(
      (level, at) => /^[^+#]*$|^\+$/.test(level) || (level === '#' && at === levels.length - 1),
    );
  if (isFilter) return `SELECT ${columns.join(', ')} FROM '${filter}'`;
  const message =
    'The filter of a rule must be an MQTT topic filter such as device/+/#, without quotes.';
  throw new HearthError('invalid-topic', message, { field: 'filter' });
}
