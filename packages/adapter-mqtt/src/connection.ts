import type { Logger } from '@hearth/core';
import type { IClientOptions } from 'mqtt';

/** What proves who the gateway is, and whom it trusts; each in PEM, as text or bytes. The broker's certificate is always checked. */
export interface MqttTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The name in the broker's certificate, where it is not the host of the `url`. */
  readonly servername?: string;
}

/** How to reach a broker. */
export interface MqttConnectionOptions {
  /** `mqtt://host:1883`, `mqtts://host:8883`, `ws://…` or `wss://…`. */
  readonly url: string;
  /** Names the session at the broker, so it must be unique there and stay the same. */
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: MqttTls;
  /** 5, or 4 for MQTT 3.1.1. Unless given, 5 is tried and 4 taken where the broker refuses it. */
  readonly version?: 4 | 5;
  /** How long the broker keeps the session, and so what is published meanwhile, while the gateway is away: seven days unless given. */
  readonly sessionExpirySeconds?: number;
  /** How many messages the broker may have under way to us, unacknowledged: 1,000 unless given. MQTT 3.1.1 cannot ask for it. */
  readonly inFlight?: number;
  /** The largest packet that the broker may send, which drops larger ones: 4 MiB unless given. MQTT 3.1.1 cannot ask for it. */
  readonly maxPacketBytes?: number;
  /** The time between two attempts to reach the broker doubles from `minMs` (500) to `maxMs` (30,000), with jitter. */
  readonly reconnect?: { readonly minMs?: number; readonly maxMs?: number };
  readonly logger?: Logger;
  /** Further options of mqtt.js, such as `keepalive` or `will`. */
  readonly client?: Partial<IClientOptions>;
}

/** A connection to a broker, shared by a trigger and publishers. */
export interface MqttConnection {
  readonly clientId: string;
  /** Resolves with the first connection; rejects if the broker refuses us for good (`not-permitted`). While it is away, it waits. */
  readonly ready: Promise<void>;
  readonly isConnected: boolean;
  /** 5, or 4 for MQTT 3.1.1: what is spoken, or tried next. */
  readonly version: 4 | 5;
  /** Disconnects. The broker keeps the session. Stop the trigger first, so that it can acknowledge what it has in hand. */
  close(): Promise<void>;
}

const defaults = { sessionExpirySeconds: 7 * 86_400, inFlight: 1000, maxPacketBytes: 4 * 2 ** 20 };

/** The options of mqtt.js for a connection. */
export function clientOptions(options: MqttConnectionOptions, version: 4 | 5): IClientOptions {
  const { clientId, username, password, tls, client = {}, reconnect } = options;
  const { sessionExpirySeconds, inFlight, maxPacketBytes } = { ...defaults, ...options };
  const properties = {
    sessionExpiryInterval: sessionExpirySeconds,
    receiveMaximum: inFlight,
    maximumPacketSize: maxPacketBytes,
    ...client.properties,
    // mqtt.js hands over packets whose topic is an alias without their topic.
    topicAliasMaximum: 0,
  };
  return {
    reconnectPeriod: reconnect?.minMs ?? 500,
    ...client,
    // MQTT 3.1.1 has none.
    properties: version === 5 ? properties : {},
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...tls,
    clientId,
    protocolVersion: version,
    clean: false,
    // What is subscribed to, and what is published again, is decided here and in the core.
    resubscribe: false,
    queueQoSZero: false,
    reconnectOnConnackError: true,
    rejectUnauthorized: true,
  };
}
