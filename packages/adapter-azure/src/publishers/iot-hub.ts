import { HearthError, isHearthError } from '@hearth/core';
import type { CloudEvent, Outgoing, Publisher, PublishResult } from '@hearth/core';
import { inLanes, oneByOne } from '@hearth/core/ports';
import type { AzureCredential } from '../stores/table-client.ts';
import { invalid } from './amqp-connection.ts';
import { addressOf } from './http-failure.ts';
import { leftToLive } from './identity.ts';
import { answerError, uncertain } from './iot-hub-answer.ts';
import { assertRoute, requestOf, type HubRequest, type IotHubRoute } from './iot-hub-routes.ts';
import { bearerOf, sharedAccess } from './iot-hub-token.ts';
import { failed, published } from './results.ts';

export type { IotHubDesired, IotHubMethod, IotHubRoute } from './iot-hub-routes.ts';
export type { AzureCredential } from '../stores/table-client.ts';

/** Which hub, who we are, and where events go. */
export interface IotHubOptions {
  /** `https://<hub>.azure-devices.net`. */
  readonly endpoint: string;
  /** A connection string with the right "service connect", from which tokens are made; asked for once an hour. */
  readonly connectionString?: () => string | Promise<string>;
  /** A credential of `@azure/identity` instead, such as the function app's own identity, with a role such as IoT Hub Twin Contributor. */
  readonly credential?: AzureCredential;
  /** The `authorization` of a request instead: a shared access signature, or `Bearer …` for `https://iothubs.azure.net`. */
  readonly token?: () => string | Promise<string>;
  /** Where events go, by their type. */
  readonly routes: Readonly<Record<string, IotHubRoute>>;
  /** The device that an event goes to: its subject unless given. */
  readonly device?: (event: CloudEvent) => string | undefined;
  /**
   * What becomes of a type that has no route. `skip`, unless given: it was for the app's own handlers. `fail`: it becomes a dead letter.
   * A dead letter itself (`hearth.deadletter`) is never skipped.
   */
  readonly unrouted?: 'skip' | 'fail';
  /** How long a request may take besides what the hub is told to wait: 10,000 ms unless given. */
  readonly timeoutMs?: number;
}

const most = 32;

/**
 * Brings events to devices by the REST interface of Azure IoT Hub: wishes as desired properties, commands as direct methods.
 *
 * Events of one partition go one after the other, and none after one that failed. A device that is not connected may be tried again, until the
 * command expires. After a gateway's timeout nobody knows whether the device was reached: a command (an event with `expirytime`) then
 * fails for good (`timeout`), since it happens once or not at all; anything else is tried again. A device's own status of 400 or more is
 * `call-failed`. Cloud-to-device messages have no REST interface.
 *
 * @throws {HearthError} `invalid-option` for a hub, a route or a time that cannot be, and without `connectionString`, `credential` and `token`.
 */
export function iotHubPublisher(options: IotHubOptions): Publisher & { readonly ordered: true } {
  const settings = settingsOf(options);
  const publishOne = async (outgoing: Outgoing): Promise<PublishResult> => {
    try {
      const error = await send(settings, outgoing);
      return error === undefined ? published : failed(error);
    } catch (cause) {
      const message = 'No token for IoT Hub could be had.';
      const error = new HearthError('publisher-unavailable', message, { retryable: true, cause });
      return failed(isHearthError(cause) ? cause : error);
    }
  };
  return {
    ordered: true,
    publish: (events) => inLanes(events, (lane) => oneByOne(lane, publishOne), { most }),
  };
}

interface Settings {
  readonly url: URL;
  readonly token: () => string | Promise<string>;
  readonly routes: ReadonlyMap<string, IotHubRoute>;
  readonly device: (event: CloudEvent) => string | undefined;
  readonly unrouted: 'skip' | 'fail';
  readonly timeoutMs: number;
}

async function send(settings: Settings, outgoing: Outgoing): Promise<HearthError | undefined> {
  const { event } = outgoing;
  const route = settings.routes.get(event.type);
  if (route === undefined) {
    if (settings.unrouted === 'skip' && event.type !== 'hearth.deadletter') return undefined;
    const message = `No route is given for "${event.type}".`;
    return new HearthError('invalid-option', message, { field: 'routes' });
  }
  const left = leftToLive(event);
  if (isHearthError(left)) return left;
  const request = requestOf(outgoing, route, settings.device(event));
  if (isHearthError(request)) return request;
  const isCommand = event['expirytime'] !== undefined;
  return ask(settings, request, await settings.token(), isCommand);
}

// Nothing was sent where there was no connection.
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

async function ask(
  { url, timeoutMs }: Settings,
  { method, path, headers, body, takesMs }: HubRequest,
  authorization: string,
  isCommand: boolean,
): Promise<HearthError | undefined> {
  try {
    const answer = await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      headers: { ...headers, authorization, 'content-type': 'application/json; charset=utf-8' },
      body,
      signal: AbortSignal.timeout(takesMs + timeoutMs),
    });
    return answerError(answer.status, await answer.text(), method === 'POST', isCommand);
  } catch (cause) {
    const { code } = Object(Object(cause).cause) as { readonly code?: unknown };
    if (typeof code !== 'string' || !unsent.has(code)) {
      return uncertain('IoT Hub gave no answer', isCommand, cause);
    }
    const message = 'IoT Hub could not be reached.';
    return new HearthError('publisher-unavailable', message, { retryable: true, cause });
  }
}

function settingsOf(options: IotHubOptions): Settings {
  const { endpoint, connectionString, credential, token, routes, unrouted = 'skip' } = options;
  const { device = ({ subject }) => subject, timeoutMs = 10_000 } = options;
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw invalid('timeoutMs', 'must be a positive integer');
  }
  for (const [field, secret] of Object.entries({ connectionString, token })) {
    if (secret !== undefined && typeof secret !== 'function') {
      throw invalid(field, 'must be a function that gives it: it is a secret');
    }
  }
  const known = connectionString === undefined ? undefined : sharedAccess(connectionString);
  const proved = credential === undefined ? undefined : bearerOf(credential);
  const authorization = token ?? proved ?? known;
  if (authorization === undefined)
    throw invalid('connectionString', 'is missing: give it, or "credential", or "token"');
  for (const [type, route] of Object.entries(routes)) assertRoute(type, route);
  return {
    url: addressOf('endpoint', endpoint),
    token: authorization,
    routes: new Map(Object.entries(routes)),
    device,
    unrouted,
    timeoutMs,
  };
}
