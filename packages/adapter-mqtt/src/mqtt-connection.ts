import { HearthError } from '@hearth/core';
import type { MqttConnection, MqttConnectionOptions } from './connection.ts';
import { openLink, type Link } from './link.ts';

const links = new WeakMap<MqttConnection, Link>();

/**
 * Opens a connection to a broker and keeps it: it is made again whenever it breaks, and the broker keeps the session meanwhile.
 *
 * It is for one trigger and any number of publishers. MQTT 5 is preferred, 3.1.1 taken where the broker refuses it.
 *
 * @throws {HearthError} `invalid-option` for a `url` that is none or an empty `clientId`.
 */
export function mqttConnection(options: MqttConnectionOptions): MqttConnection {
  if (!/^(?:mqtts?|wss?):\/\/[^/]/.test(options.url)) {
    const message = 'The url must begin with mqtt://, mqtts://, ws:// or wss://.';
    throw new HearthError('invalid-option', message, { field: 'url' });
  }
  if (options.clientId === '') {
    throw new HearthError('invalid-option', 'A session needs a clientId.', { field: 'clientId' });
  }
  const link = openLink(options);
  const { clientId, ready, close } = link;
  const connection: MqttConnection = {
    clientId,
    ready,
    close,
    get isConnected() {
      return link.isConnected;
    },
    get version() {
      return link.version;
    },
  };
  links.set(connection, link);
  return connection;
}

/** The inside of a connection that `mqttConnection` made. */
export function linkOf(connection: MqttConnection): Link {
  const link = links.get(connection);
  if (link !== undefined) return link;
  const message = '"broker" must come from mqttConnection().';
  throw new HearthError('invalid-option', message, { field: 'broker' });
}
