import { HearthError, isHearthError } from '@hearth/core';
import type { App, Runtime } from '@hearth/core';
import { nodeRuntime, sweeper, type NodeRuntimeOptions, type SweeperOptions } from '@hearth/node';
import type { Tally } from './batches.ts';
import type { MqttConnection } from './connection.ts';
import { decoderOf, type MqttDecodeOptions } from './decode.ts';
import { intake } from './intake.ts';
import type { Link } from './link.ts';
import { linkOf } from './mqtt-connection.ts';
import { subscribe, type Retained, type Subscription } from './subscribe.ts';
import { places } from './topics.ts';
import type { MqttWire } from './wires/wire.ts';

/** How an app is run beside a broker: its runtime, what messages mean, and how they are taken. */
export interface MqttTriggerOptions
  extends Omit<NodeRuntimeOptions, 'sweep' | 'wake'>, MqttDecodeOptions {
  readonly broker: MqttConnection;
  /** What devices in the field speak besides: `awsShadowWire`, `azureTwinWire`. They are asked before `topics`, in their order. */
  readonly wires?: readonly MqttWire[];
  /** The group of a shared subscription, in which each message goes to one worker: then the order of a device's messages is lost. */
  readonly group?: string;
  /** Whether retained messages are taken: those that are `new` to the session (unless given), `always`, or `never`. */
  readonly retained?: Retained;
  /** How many messages one batch has at most: 500 unless given. */
  readonly maxBatch?: number;
  /** How many bytes of messages are in hand at most before reading stops: 32 MiB unless given. */
  readonly maxBytesInHand?: number;
  /** How long a device's messages wait after one that must be tried again: from `minMs` (200), doubling, to `maxMs` (10,000). */
  readonly retry?: { readonly minMs?: number; readonly maxMs?: number };
  /**
   * How this process sweeps; `elsewhere` if another one does. With `none`, a message is acknowledged only when what it caused has been
   * published, and timers wait for the next message of their record.
   */
  readonly sweeper?: SweeperOptions | 'elsewhere' | 'none';
  /** How long `stop` waits for what is being handled: 10,000 ms unless given. */
  readonly drainMs?: number;
}

/** What a trigger has done and has in hand. */
export interface MqttTriggerStats extends Readonly<Tally> {
  readonly received: number;
  /** Messages that are not answered yet, and their bytes. */
  readonly inHand: number;
  readonly bytesInHand: number;
}

/** An app that runs beside a broker. */
export interface MqttTrigger {
  /** Resolves when the first subscription stands; rejects (`not-permitted`) if the broker refuses it or us. */
  readonly ready: Promise<void>;
  /** The runtime that the app runs on, for `ask` and `read` in the same process. */
  readonly runtime: Runtime;
  stats(): MqttTriggerStats;
  /** Takes nothing more, finishes and acknowledges what is being handled, and ends the sweeper. The connection stays open. */
  stop(): Promise<void>;
}

/**
 * Runs an app on the messages of a broker.
 *
 * Subscribes at QoS 1 and acknowledges a message only after its effects are saved and its verdict is `done` or `rejected`. What must
 * be tried again stays in hand and holds up its device alone; what was not acknowledged when the process dies, the broker sends again.
 * Messages of one device are handled in order. The session is persistent: what is published while the process is away comes later.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option` for patterns that cannot be used, or a connection that has a trigger already.
 */
export function mqttTrigger(app: App, options: MqttTriggerOptions): MqttTrigger {
  const { topics, principal = 'anonymous', retained = 'new', group, drainMs = 10_000 } = options;
  const { maxBatch = 500, maxBytesInHand = 32 * 2 ** 20, wires = [] } = options;
  const link = linkOf(options.broker);
  const known = places(topics, principal);
  const areProved = [known, ...wires].some((one) => one.areProved);
  if (!areProved && options.speaksFor === undefined) {
    link.logger.warn(
      { field: 'principal' },
      'Without "principal" everybody is anonymous and rejected.',
    );
  }
  const { runtime, stop: stopSweeping } = sweeping(app, options);
  const taken = intake({
    app,
    runtime,
    link,
    retained,
    maxBatch,
    maxBytesInHand,
    decode: decoderOf(known, options.limits),
    wires,
    retry: { minMs: 200, maxMs: 10_000, ...options.retry },
  });
  const filters = [...new Set([known, ...wires].flatMap((one) => one.filters))];
  const subscribed = subscribing(link, { filters, group, retained });
  const { connected, message, isFull } = taken;
  link.attach({ connected, message, isFull, open: subscribed.open });
  return {
    ready: subscribed.first,
    runtime,
    stats: () => ({
      ...taken.batches.tally,
      received: taken.received,
      inHand: taken.batches.messages,
      bytesInHand: taken.batches.bytes,
    }),
    async stop() {
      subscribed.stop();
      await atMost(drainMs, taken.stop());
      await stopSweeping();
    },
  };
}

function sweeping(app: App, options: MqttTriggerOptions) {
  const runtime = nodeRuntime(options);
  const { sweeper: how = {} } = options;
  if (typeof how === 'object') return sweeper(app, runtime, how);
  return { runtime: { ...runtime, sweep: how === 'elsewhere' }, stop: async () => undefined };
}

const againMs = 30_000;

/** Subscribes whenever there is no subscription: the first time, and after the broker has lost the session. */
function subscribing(link: Link, subscription: Subscription) {
  let isSubscribed = false;
  let timer: NodeJS.Timeout | undefined;
  let settle: { resolve: () => void; reject: (error: HearthError) => void } | undefined;
  const first = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  first.catch(() => undefined);
  link.ready.catch((error: HearthError) => settle?.reject(error));
  const open = async (resumed: boolean) => {
    clearTimeout(timer);
    if (isSubscribed && resumed) return;
    if (isSubscribed)
      link.logger.warn({}, 'The broker has lost the session, and what was published meanwhile.');
    isSubscribed = false;
    try {
      await subscribe(link, subscription);
      isSubscribed = true;
      settle?.resolve();
    } catch (error) {
      // Without a connection the next one brings the next attempt.
      if (!isHearthError(error) || error.retryable) return;
      link.logger.error({ reason: error.code }, error.message);
      settle?.reject(error);
      timer = setTimeout(() => void open(false), againMs).unref();
    }
  };
  return { first, open: (resumed: boolean) => void open(resumed), stop: () => clearTimeout(timer) };
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
