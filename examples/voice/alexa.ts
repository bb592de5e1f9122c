import type { Asked } from '@hearth/core';
import type { KnownDevice } from './household.ts';
import { range, type Status, type Wants } from './home.ts';
import { celsiusOf, scaleOf, temperature, type Temperature } from './temperature.ts';

/** What Alexa sends, as far as it is read. */
export interface AlexaRequest {
  readonly directive: {
    readonly header: {
      readonly namespace: string;
      readonly name: string;
      readonly messageId: string;
      readonly correlationToken?: string;
    };
    readonly endpoint?: {
      readonly endpointId: string;
      readonly scope?: { readonly token?: string };
    };
    readonly payload?: Readonly<Record<string, unknown>>;
  };
}

/** A message to Alexa: the answer to a directive, or what its event gateway is told later. */
export interface AlexaMessage {
  readonly event: {
    readonly header: Readonly<Record<string, string>>;
    readonly endpoint?: object;
    readonly payload: Readonly<Record<string, unknown>>;
  };
  readonly context?: { readonly properties: readonly object[] };
}

/** Whom to answer, and in which words; small enough to be kept with an open question. */
export type AlexaLater = Readonly<Record<'vendor' | 'correlationToken' | 'name' | 'scale', string>>;

/** What a directive wants of a device; `undefined` for one that is not known here. */
export function alexaWants({
  directive: { header, payload = {} },
}: AlexaRequest): Wants | undefined {
  switch (`${header.namespace}.${header.name}`) {
    case 'Alexa.ReportState':
      return { what: 'status' };
    case 'Alexa.LockController.Lock':
      return { what: 'locked', is: true };
    case 'Alexa.LockController.Unlock':
      return { what: 'locked', is: false };
    case 'Alexa.ThermostatController.SetTargetTemperature': {
      const celsius = celsiusOf(payload['targetSetpoint']);
      return celsius === undefined ? undefined : { what: 'setpoint', celsius };
    }
    default:
      return undefined;
  }
}

/** What has to be known to answer a directive later. */
export function alexaLater({ directive: { header, payload = {} } }: AlexaRequest): AlexaLater {
  const scale = scaleOf(payload['targetSetpoint']);
  const name = header.name === 'ReportState' ? 'StateReport' : 'Response';
  return { vendor: 'alexa', correlationToken: header.correlationToken ?? '', name, scale };
}

/** The answer to a directive. `messageId` is a new one. */
export function alexaAnswer(request: AlexaRequest, asked: Asked, messageId: string): AlexaMessage {
  const endpointId = request.directive.endpoint?.endpointId ?? '';
  const to = alexaLater(request);
  if (asked.outcome === 'answered')
    return responseOf(to, endpointId, asked.reply as Status, messageId, alexaWants(request));
  if (asked.outcome === 'deferred') {
    const header = headerOf('Alexa', 'DeferredResponse', to, messageId);
    return { event: { header, payload: { estimatedDeferralInSeconds: 30 } } };
  }
  const code = asked.outcome === 'retry' ? 'retry' : asked.code;
  return failure(to, endpointId, code, messageId);
}

/** The answer to a directive that came too late for it: what the event gateway is told, with the user's access token. */
export function alexaLate(
  to: AlexaLater,
  endpointId: string,
  status: Status | null,
  { messageId, token }: { readonly messageId: string; readonly token: string },
): AlexaMessage {
  const { event, ...rest } =
    status === null
      ? failure(to, endpointId, 'unreachable', messageId)
      : responseOf(to, endpointId, status, messageId);
  return { event: { ...event, endpoint: endpointOf(endpointId, token) }, ...rest };
}

/** What the event gateway is told when a device has changed. */
export function alexaChange(
  endpointId: string,
  status: Status,
  { messageId, token }: { readonly messageId: string; readonly token: string },
): AlexaMessage {
  const header = { namespace: 'Alexa', name: 'ChangeReport', messageId, payloadVersion: '3' };
  const change = {
    cause: { type: 'PHYSICAL_INTERACTION' },
    properties: propertiesOf(status, 'CELSIUS'),
  };
  const endpoint = endpointOf(endpointId, token);
  return { event: { header, endpoint, payload: { change } }, context: { properties: [] } };
}

const capabilities = {
  thermostat: {
    category: 'THERMOSTAT',
    interfaces: {
      'Alexa.ThermostatController': ['targetSetpoint', 'thermostatMode'],
      'Alexa.TemperatureSensor': ['temperature'],
    },
  },
  lock: { category: 'SMARTLOCK', interfaces: { 'Alexa.LockController': ['lockState'] } },
} as const;

/** What a user has. */
export function alexaDiscovery(devices: readonly KnownDevice[], messageId: string): AlexaMessage {
  const header = {
    namespace: 'Alexa.Discovery',
    name: 'Discover.Response',
    messageId,
    payloadVersion: '3',
  };
  const endpoints = devices.map(({ id, kind, name }) => {
    const { category, interfaces } = capabilities[kind];
    const all = { ...interfaces, 'Alexa.EndpointHealth': ['connectivity'] };
    return {
      endpointId: id,
      manufacturerName: 'Acme',
      friendlyName: name,
      description: `${name} by Acme`,
      displayCategories: [category],
      capabilities: [
        { type: 'AlexaInterface', interface: 'Alexa', version: '3' },
        ...Object.entries(all).map(([one, names]: readonly [string, readonly string[]]) => ({
          type: 'AlexaInterface',
          interface: one,
          version: '3',
          properties: {
            supported: names.map((property) => ({ name: property })),
            proactivelyReported: true,
            retrievable: true,
          },
        })),
      ],
    };
  });
  return { event: { header, payload: { endpoints } } };
}

function responseOf(
  to: AlexaLater,
  endpointId: string,
  status: Status,
  messageId: string,
  wants?: Wants,
): AlexaMessage {
  const isReport = to.name === 'StateReport' || wants?.what === 'status';
  if (status.kind === 'lock' && status.isJammed && !isReport)
    return failure(to, endpointId, 'jammed', messageId);
  return {
    event: {
      header: headerOf('Alexa', to.name, to, messageId),
      endpoint: { endpointId },
      payload: {},
    },
    context: { properties: propertiesOf(status, to.scale as Temperature['scale']) },
  };
}

function propertiesOf(status: Status, scale: Temperature['scale']): readonly object[] {
  const timeOfSample = new Date(status.at).toISOString();
  const property = (namespace: string, name: string, value: unknown) => ({
    namespace: `Alexa.${namespace}`,
    name,
    value,
    timeOfSample,
    uncertaintyInMilliseconds: 500,
  });
  const health = property('EndpointHealth', 'connectivity', { value: 'OK' });
  if (status.kind === 'lock') {
    const value = status.isJammed ? 'JAMMED' : status.isLocked ? 'LOCKED' : 'UNLOCKED';
    return [property('LockController', 'lockState', value), health];
  }
  const { celsius, setpointCelsius, mode } = status;
  return [
    property('ThermostatController', 'targetSetpoint', temperature(setpointCelsius, scale)),
    property('ThermostatController', 'thermostatMode', mode.toUpperCase()),
    ...(celsius === null
      ? []
      : [property('TemperatureSensor', 'temperature', temperature(celsius, scale))]),
    health,
  ];
}

const errors: Readonly<Record<string, string>> = {
  'out-of-range': 'TEMPERATURE_VALUE_OUT_OF_RANGE',
  'is-off': 'THERMOSTAT_IS_OFF',
  unreachable: 'ENDPOINT_UNREACHABLE',
  expired: 'ENDPOINT_UNREACHABLE',
  jammed: 'HARDWARE_MALFUNCTION',
  'not-permitted': 'NO_SUCH_ENDPOINT',
  'not-supported': 'INVALID_DIRECTIVE',
  'invalid-data': 'INVALID_VALUE',
  'who-are-you': 'INVALID_AUTHORIZATION_CREDENTIAL',
};

/** An answer that says no. The message is for developers; Alexa does not say it. */
export function failure(
  to: AlexaLater,
  endpointId: string,
  code: string,
  messageId: string,
): AlexaMessage {
  const type = (Object.hasOwn(errors, code) ? errors[code] : undefined) ?? 'INTERNAL_ERROR';
  const scale = to.scale as Temperature['scale'];
  const validRange = {
    minimumValue: temperature(range.minCelsius, scale),
    maximumValue: temperature(range.maxCelsius, scale),
  };
  const namespace = type === 'THERMOSTAT_IS_OFF' ? 'Alexa.ThermostatController' : 'Alexa';
  const payload = { type, message: code, ...(code === 'out-of-range' ? { validRange } : {}) };
  const header = headerOf(namespace, 'ErrorResponse', to, messageId);
  return { event: { header, endpoint: { endpointId }, payload } };
}

function headerOf(
  namespace: string,
  name: string,
  { correlationToken }: AlexaLater,
  messageId: string,
) {
  const token = correlationToken === '' ? {} : { correlationToken };
  return { namespace, name, messageId, ...token, payloadVersion: '3' };
}

const endpointOf = (endpointId: string, token: string) => ({
  scope: { type: 'BearerToken', token },
  endpointId,
});
