import { HearthError, type Logger } from '@hearth/core';
import { logger as defaultLogger } from '@hearth/node';
import { connect, type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { clientOptions, type MqttConnection, type MqttConnectionOptions } from './connection.ts';
import { fences, type Fences } from './fences.ts';
import { outgoing, type Outgoing } from './outgoing.ts';
import { codeOf, isVersionRefused, refusalOf } from './refusal.ts';

/** Takes what the broker sends. */
export interface Receiver {
  /** The broker took us in; `resumed` says that it still had the session, and so will send again what was not acknowledged. */
  connected(resumed: boolean): void;
  /** The connection can be used: this is the time to subscribe. */
  open(resumed: boolean): void;
  /** Takes one message. Nothing acknowledges it but the receiver. */
  message(packet: IPublishPacket): void;
  /** Whether there is no room for another one now. */
  isFull(): boolean;
}

/** The inside of a connection: what trigger and publisher use of it. */
export interface Link extends MqttConnection {
  readonly client: MqttClient;
  readonly logger: Logger;
  /** How many messages we asked the broker to have under way to us at most. */
  readonly inFlight: number;
  /** Hands what comes to a receiver, beginning with what has come already. */
  attach(receiver: Receiver): void;
  /** Goes on reading if that was stopped because the receiver was full. */
  resume(): void;
  /** Resolves once the broker has read everything that was written before; rejects if the connection ends first. */
  confirm(): Promise<void>;
  /** Publishes at QoS 1; see `Outgoing`. */
  publish(topic: string, payload: string | Buffer, options: IClientPublishOptions): Promise<void>;
}

/** Everything about a connection that changes. */
interface State {
  readonly options: MqttConnectionOptions;
  readonly logger: Logger;
  readonly outgoing: Outgoing;
  readonly fences: Fences;
  readonly resolve: () => void;
  readonly reject: (error: HearthError) => void;
  client: MqttClient;
  version: 4 | 5;
  receiver: Receiver | undefined;
  /** What came before there was a receiver. */
  early: IPublishPacket[];
  status: 'away' | 'taken-in' | 'open' | 'closed';
  isResumed: boolean;
  /** Runs out when the connection has lasted. */
  calm: NodeJS.Timeout | undefined;
  /** Where mqtt.js waits to be told that it may go on reading. */
  parked: (() => void) | undefined;
}

/** Opens a connection; see `mqttConnection`. */
export function openLink(options: MqttConnectionOptions): Link {
  const { logger = defaultLogger(), version = 5 } = options;
  let state: State | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    state = {
      options,
      logger,
      version,
      resolve,
      reject,
      outgoing: outgoing(),
      fences: fences(),
      client: undefined as never,
      receiver: undefined,
      early: [],
      status: 'away',
      isResumed: false,
      parked: undefined,
      calm: undefined,
    };
  });
  // Whoever does not wait for it must not be ended by it.
  ready.catch(() => undefined);
  open(state as unknown as State);
  return linkOn(state as unknown as State, ready);
}

function linkOn(state: State, ready: Promise<void>): Link {
  const { options, logger } = state;
  return {
    clientId: options.clientId,
    inFlight: options.inFlight ?? 1000,
    logger,
    ready,
    get client() {
      return state.client;
    },
    get version() {
      return state.version;
    },
    get isConnected() {
      return state.status === 'open';
    },
    attach: (receiver) => attach(state, receiver),
    resume: () => resume(state),
    publish(topic, payload, how) {
      const published = state.outgoing.publish(topic, payload, how);
      // The broker's answer comes behind what it has sent before.
      resume(state);
      return published;
    },
    confirm: () => confirm(state),
    close: () => close(state),
  };
}

async function confirm(state: State): Promise<void> {
  const { status, client } = state;
  if (status !== 'open') throw new Error('There is no connection to the broker.');
  const confirmed = state.fences.pass(() => client.sendPing());
  // As for a publication: its answer comes behind what was sent before.
  resume(state);
  await confirmed;
}

function attach(state: State, receiver: Receiver): void {
  if (state.receiver !== undefined) {
    const message = 'A connection is for one trigger; open another one.';
    throw new HearthError('invalid-option', message, { field: 'broker' });
  }
  state.receiver = receiver;
  if (state.status === 'away') return;
  receiver.connected(state.isResumed);
  for (const packet of state.early.splice(0)) receiver.message(packet);
  if (state.status === 'open') receiver.open(state.isResumed);
}

// Told to mqtt.js instead of success, so that it goes on without an acknowledgement.
const acknowledgedLater = new Error('This message is acknowledged later.');

function open(state: State): void {
  const client = connect(state.options.url, clientOptions(state.options, state.version));
  state.client = client;
  client.handleMessage = (packet, goOn) => {
    const { receiver, early } = state;
    if (receiver !== undefined) receiver.message(packet);
    else if (packet.qos > 0) early.push(packet);
    const next = () => goOn(packet.qos === 0 ? undefined : acknowledgedLater);
    // While somebody waits for an answer of the broker reading must go on, or the answer never comes.
    const isAsking = state.outgoing.waiting > 0 || state.fences.waiting > 0;
    if (receiver?.isFull() === true && !isAsking) state.parked = next;
    else next();
  };
  client.on('packetsend', ({ cmd }) => {
    if (cmd === 'pingreq') state.fences.sent();
  });
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'pingresp') state.fences.heard();
    if (packet.cmd !== 'connack' || (packet.reasonCode ?? packet.returnCode) !== 0) return;
    state.status = 'taken-in';
    state.isResumed = packet.sessionPresent;
    state.receiver?.connected(packet.sessionPresent);
  });
  client.on('connect', () => opened(state));
  client.on('disconnect', ({ reasonCode = 0 }) => dismissed(state, reasonCode));
  client.on('close', () => {
    if (client === state.client) closed(state);
  });
  client.on('error', (error) => {
    if (client === state.client && state.status !== 'closed') failed(state, error);
  });
}

// A connection that does not last is no reason to hurry: two processes with one clientId take the session from each other.
const calmMs = 5000;

function opened(state: State): void {
  const { client, options, version, isResumed } = state;
  state.status = 'open';
  state.outgoing.open(client);
  state.calm = setTimeout(() => {
    client.options.reconnectPeriod = options.reconnect?.minMs ?? 500;
  }, calmMs).unref();
  state.logger.info({ version, resumed: isResumed }, 'Connected to the MQTT broker.');
  state.receiver?.open(isResumed);
  state.resolve();
}

/** The broker says why it ends the connection. */
function dismissed({ logger }: State, reasonCode: number): void {
  const why =
    reasonCode === 142
      ? 'Another process has taken the session: the clientId is not unique.'
      : 'The MQTT broker ends the connection.';
  logger.warn({ reason: reasonCode }, why);
}

function closed(state: State): void {
  const { client, options } = state;
  if (state.status === 'open') state.logger.warn({}, 'The connection to the MQTT broker ended.');
  if (state.status !== 'closed') state.status = 'away';
  clearTimeout(state.calm);
  state.parked = undefined;
  state.early = [];
  state.outgoing.close();
  state.fences.close();
  // mqtt.js has set its timer already; this is for the attempt after the next one.
  const { maxMs = 30_000 } = options.reconnect ?? {};
  const longer = Math.min(maxMs, (client.options.reconnectPeriod ?? 500) * 2);
  client.options.reconnectPeriod = Math.round(longer * (0.75 + Math.random() / 4));
}

function failed(state: State, error: unknown): void {
  if (isVersionRefused(error) && state.version === 5 && state.options.version === undefined) {
    state.logger.warn({}, 'The MQTT broker does not speak MQTT 5; going on with 3.1.1.');
    state.version = 4;
    state.client.end(true);
    open(state);
    return;
  }
  state.logger.warn({ reason: codeOf(error) ?? 'unknown' }, 'The MQTT broker cannot be reached.');
  const refusal = refusalOf(error);
  if (refusal !== undefined) state.reject(refusal);
}

function resume(state: State): void {
  const { parked } = state;
  state.parked = undefined;
  parked?.();
}

async function close(state: State): Promise<void> {
  const { status, client } = state;
  if (status === 'closed') return;
  state.status = 'closed';
  state.reject(new HearthError('timeout', 'The connection was closed before it was made.'));
  await client.endAsync(status !== 'open' || state.outgoing.waiting > 0);
}
