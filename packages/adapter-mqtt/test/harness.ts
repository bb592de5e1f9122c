import type { App, Runtime } from '@hearth/core';
import { encodeMqtt } from '@hearth/core/event';
import type { HostAnswer, TriggerHarness, TriggerMessage } from '@hearth/testing/conformance';
import type { IClientPublishOptions } from 'mqtt';
import { mqttConnection, mqttTrigger } from '../src/index.ts';
import { client, owed } from './client.ts';
import { silent } from './thermostat.ts';
import { until } from './until.ts';

/** How messages are sent to the trigger. */
export interface Way {
  readonly url: string;
  readonly version: 4 | 5;
  readonly mode: 'binary' | 'structured';
}

let opened = 0;

/**
 * A trigger beside a real broker. What the broker would send again after the process has ended is `redelivered`.
 *
 * The broker is believed to let a meter publish below its own name only, as the access list of another test makes it do.
 */
export async function openTrigger(
  { url, version, mode }: Way,
  app: App,
  runtime: Runtime,
): Promise<TriggerHarness> {
  const clientId = `trigger-${(opened += 1)}-${version}-${mode}`;
  const broker = mqttConnection({ url, clientId, version, logger: silent });
  const trigger = mqttTrigger(app, {
    ...runtime,
    logger: silent,
    broker,
    topics: { [`${clientId}/{device}/events`]: {} },
    principal: 'topic',
    // Nothing is tried again before the test has ended.
    retry: { minMs: 1e8, maxMs: 1e8 },
    sweeper: runtime.sweep === true ? 'elsewhere' : 'none',
  });
  await trigger.ready;
  const deliver = async (messages: readonly TriggerMessage[]): Promise<readonly HostAnswer[]> => {
    const sender = await client(url, { protocolVersion: version });
    const sent = messages.map((message) => messageOf(message, version, mode));
    await Promise.all(
      sent.map(({ payload, properties }, index) => {
        const options: IClientPublishOptions = { qos: 1, ...(properties && { properties }) };
        const topic = `${clientId}/${messages[index]?.principal.id}/events`;
        return sender.publishAsync(topic, payload, options);
      }),
    );
    await until(() => trigger.stats().received >= messages.length, { interval: 2 });
    await trigger.stop();
    await broker.close();
    await sender.endAsync();
    const open = [...(await owed(url, clientId, { protocolVersion: version }))];
    return sent.map(({ payload }) => {
      const at = open.indexOf(payload.toString());
      if (at < 0) return 'acknowledged';
      open.splice(at, 1);
      return 'redelivered';
    });
  };
  return { ordered: true, deliver };
}

function messageOf(message: TriggerMessage, version: 4 | 5, mode: 'binary' | 'structured') {
  if ('raw' in message) return { payload: Buffer.from(message.raw) };
  const { payload, properties } = encodeMqtt(message.event, version === 4 ? { version } : { mode });
  return { payload: Buffer.from(payload), properties };
}
