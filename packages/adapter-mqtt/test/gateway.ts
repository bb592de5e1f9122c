import { onTestFinished } from 'vitest';
import {
  mqttConnection,
  mqttTrigger,
  type MqttConnectionOptions,
  type MqttTriggerOptions,
} from '../src/index.ts';
import { app, silent, topics, world } from './thermostat.ts';
import { until } from './until.ts';

/** What a test chooses of a gateway. */
export interface GatewayOptions {
  readonly connection?: Partial<MqttConnectionOptions>;
  readonly trigger?: Partial<MqttTriggerOptions>;
}

let count = 0;

/** A gateway that runs the thermostats, with a world in memory unless the trigger is given another; it ends with the test. */
export function gateway(url: string, { connection = {}, trigger = {} }: GatewayOptions = {}) {
  const at = world();
  const clientId = connection.clientId ?? `gateway-${(count += 1)}-${process.pid}`;
  const reconnect = { minMs: 20, maxMs: 50 };
  const broker = mqttConnection({ url, reconnect, logger: silent, ...connection, clientId });
  const started = mqttTrigger(app, {
    ...at,
    broker,
    topics,
    principal: 'topic',
    retry: { minMs: 20, maxMs: 50 },
    ...trigger,
  });
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await started.stop();
    await broker.close();
  };
  onTestFinished(stop);
  /** Waits for so many messages to be answered for good. */
  const answered = (messages: number) =>
    until(() => started.stats().done + started.stats().rejected >= messages, {
      interval: 2,
      timeout: 10_000,
    });
  return { ...at, clientId, broker, trigger: started, stop, answered };
}

/** A switch that lets calls through or holds them until it is opened. */
export function gate() {
  let open = () => undefined as void;
  let passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    pass: () => passed,
    open: () => open(),
    close() {
      passed = new Promise<void>((resolve) => {
        open = resolve;
      });
    },
  };
}
