import { HearthError, type CloudEvent, type Outgoing } from '@hearth/core';
import { byteLength } from '@hearth/core/ports';
import { invalid } from './amqp-connection.ts';

/** A direct method: the device must be connected, and answers. */
export interface IotHubMethod {
  readonly to: 'method';
  /** The name of the method. */
  readonly name: string;
  /** `event`, unless given: the whole CloudEvent, whose id tells a device of a repetition. `data`: its data alone. */
  readonly payload?: 'event' | 'data';
  /** How long the device has to answer: 10,000 ms unless given, 5,000 to 300,000. */
  readonly responseTimeoutMs?: number;
  /** How long to wait for a device that is not connected: not at all unless given, at most 300,000 ms. */
  readonly connectTimeoutMs?: number;
}

/**
 * Desired properties of the device twin: the data of the event is merged into them, and reaches the device when it is there. Of the event
 * `<device>.desired` it is what is wished for; `$version` of the twin takes the place of its `desiredRev`.
 */
export interface IotHubDesired {
  readonly to: 'desired';
  /** The property under which the data goes, such as the name of a component; at the top unless given. */
  readonly under?: string;
}

/** Where events of one type go. */
export type IotHubRoute = IotHubMethod | IotHubDesired;

/** A request to the hub, but for its address. */
export interface HubRequest {
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How long the hub itself may take (ms). */
  readonly takesMs: number;
}

// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling
const mostBytes = { method: 131_072, desired: 32_768 };
const apiVersion = 'api-version=2021-04-12';

/** @throws {HearthError} `invalid-option` for a route that cannot be. */
export function assertRoute(type: string, route: IotHubRoute): void {
  const field = 'routes';
  const of = `of "${type}"`;
  if (route.to === 'desired') {
    if (route.under === '') throw invalid(field, `has an empty "under" ${of}`);
    return;
  }
  if (route.to !== 'method' || typeof route.name !== 'string' || route.name === '') {
    throw invalid(field, `must say to "desired", or to "method" with a "name", ${of}`);
  }
  const { responseTimeoutMs = 10_000, connectTimeoutMs = 0 } = route;
  if (!(responseTimeoutMs >= 5_000 && responseTimeoutMs <= 300_000)) {
    throw invalid(field, `has a "responseTimeoutMs" ${of} that is not within 5,000 and 300,000`);
  }
  if (!(connectTimeoutMs >= 0 && connectTimeoutMs <= 300_000)) {
    throw invalid(field, `has a "connectTimeoutMs" ${of} that is not within 0 and 300,000`);
  }
}

/** The request for an event, or why there is none. */
export function requestOf(
  outgoing: Outgoing,
  route: IotHubRoute,
  device: string | undefined,
): HubRequest | HearthError {
  // A dot alone would be resolved by whoever reads the URL.
  if (
    device === undefined ||
    !/^[\w\-:.+%#*?!(),=@;$']{1,128}$/.test(device) ||
    /^\.\.?$/.test(device)
  ) {
    const message = `The event "${outgoing.event.id}" names no device that IoT Hub can have.`;
    return new HearthError('invalid-event', message, { field: 'subject' });
  }
  const twin = `/twins/${encodeURIComponent(device)}`;
  return route.to === 'method'
    ? methodRequest(outgoing, route, twin)
    : desiredRequest(outgoing, route, twin);
}

function methodRequest(
  { event, body }: Outgoing,
  { name, payload = 'event', responseTimeoutMs = 10_000, connectTimeoutMs = 0 }: IotHubMethod,
  twin: string,
): HubRequest | HearthError {
  const text = payload === 'event' ? body : JSON.stringify(event.data ?? null);
  const error = oversized(event, text, mostBytes.method);
  if (error !== undefined) return error;
  const head = JSON.stringify({
    methodName: name,
    responseTimeoutInSeconds: Math.ceil(responseTimeoutMs / 1_000),
    connectTimeoutInSeconds: Math.ceil(connectTimeoutMs / 1_000),
  });
  return {
    method: 'POST',
    path: `${twin}/methods?${apiVersion}`,
    headers: {},
    body: `${head.slice(0, -1)},"payload":${text}}`,
    takesMs: responseTimeoutMs + connectTimeoutMs,
  };
}

function desiredRequest(
  { event }: Outgoing,
  { under }: IotHubDesired,
  twin: string,
): HubRequest | HearthError {
  const { data } = event;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    const message = `The data of the event "${event.id}" is no object, as desired properties must be.`;
    return new HearthError('invalid-data', message, { field: 'data' });
  }
  const wishes = wishesIn(event.type, data);
  const desired = under === undefined ? wishes : { [under]: wishes };
  const error = oversized(event, JSON.stringify(desired), mostBytes.desired);
  if (error !== undefined) return error;
  return {
    method: 'PATCH',
    path: `${twin}?${apiVersion}`,
    headers: { 'if-match': '*' },
    body: JSON.stringify({ properties: { desired } }),
    takesMs: 0,
  };
}

/** What a device is to become, without the count that goes with it in an event of the core. */
function wishesIn(type: string, data: object): object {
  const { desired, desiredRev } = data as { readonly desired?: unknown; desiredRev?: unknown };
  const isDocument = type.endsWith('.desired') && typeof desiredRev === 'number';
  return isDocument && typeof desired === 'object' && desired !== null ? desired : data;
}

function oversized({ id }: CloudEvent, text: string, most: number): HearthError | undefined {
  const size = byteLength(text);
  if (size <= most) return undefined;
  const message = `The event "${id}" makes a payload of ${size} bytes; IoT Hub takes ${most}.`;
  return new HearthError('limit-exceeded', message);
}
