import { HearthError, isHearthError, read } from '@hearth/core';
import type { CloudEvent, Handled, Input, Twin } from '@hearth/core';
import { topicPattern } from '@hearth/core/event';
import type { MqttMessage } from '../decode.ts';
import { places } from '../topics.ts';
import { packed, unpacked } from './plug-and-play.ts';
import {
  documentIn,
  inputOf,
  isObject,
  refusedInput,
  withoutNulls,
  type MqttWire,
  type Said,
  type WireDevice,
  type WireOptions,
  type WireRequest,
} from './wire.ts';

/** How a device twin is served. */
export interface AzureTwinOptions extends WireOptions {
  /**
   * What the broker puts in front of the topics of each device, with `{device}` in it: `devices/{device}` unless given. The topics of IoT
   * Hub do not name the device, so a broker must (`mountpoint` of EMQX and VerneMQ, hooks of aedes).
   */
  readonly mount?: string;
  /** The properties that are components of an IoT Plug and Play model; they are told with `"__t": "c"`. */
  readonly components?: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

const getting = '/$iothub/twin/GET/';
const patching = '/$iothub/twin/PATCH/properties/reported/';

/**
 * Serves devices that speak to Azure IoT Hub from a twin: `$iothub/twin/GET`, `PATCH/properties/reported` with `res/{status}`, and
 * `PATCH/properties/desired`.
 *
 * What a device reports is a `reported` event, or an `acknowledged` one if it says `{ value, ac, av, ad }` of anything (IoT Plug and Play):
 * `ac` 4xx rejects, 5xx has failed, 202 says nothing yet, the others have applied it. `$version` of each half is its revision. A wish that is
 * taken back is not told as `null`: the device is told what there is to do.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option` for a `mount` without `{device}`.
 */
export function azureTwinWire(device: WireDevice, options: AzureTwinOptions): MqttWire {
  const {
    store,
    mount = 'devices/{device}',
    principal = 'anonymous',
    isFor = () => true,
  } = options;
  const { components = [] } = options;
  if (!mount.split('/').includes('{device}') || /\{(?!device\})/.test(mount)) {
    const message = 'mount needs a level {device}, and no other {…}.';
    throw new HearthError('invalid-option', message, { field: 'mount' });
  }
  const known = places({ [mount]: {} }, principal);
  const pattern = topicPattern<string>(mount);
  const twinOf = async (name: string) => (await read({ store }, device.ref(name))).state;
  return {
    filters: [getting, patching].map((one) => `${pattern.filter}${one}+`),
    areProved: known.areProved,
    tells: [`${device.type}.desired`],
    read(message, transportId) {
      const [base = '', rid, isPatch] = split(message.topic) ?? [];
      const place = known.at(base);
      const { device: name } = place.params;
      if (rid === undefined || name === undefined || !isFor(name)) return undefined;
      const said = { message, place, device: name, transportId };
      const twin = () => twinOf(name);
      return requestOf({
        said,
        base,
        rid,
        isPatch: isPatch === true,
        type: device.type,
        twin,
        components,
      });
    },
    async tell({ subject = '', data }: CloudEvent) {
      const { desired, desiredRev } = data as { desired: Values; desiredRev: number };
      if (!isFor(subject)) return [];
      const base = pattern.build({ device: subject });
      const topic = `${base}/$iothub/twin/PATCH/properties/desired/?$version=${desiredRev}`;
      const payload = { ...packed(desired, components), $version: desiredRev };
      return [{ topic, payload: JSON.stringify(payload) }];
    },
  };
}

/** The part of a topic that names the device, the id of its request, and what it asks for. */
function split(topic: string): readonly [base: string, rid: string, isPatch: boolean] | undefined {
  for (const operation of [getting, patching]) {
    const at = topic.indexOf(operation);
    if (at === -1) continue;
    const query = topic.slice(at + operation.length);
    const rid = new URLSearchParams(query.replace(/^\?/, '')).get('$rid');
    if (rid === null || !/^[\w.:-]{1,128}$/.test(rid)) return undefined;
    return [topic.slice(0, at), rid, operation === patching];
  }
  return undefined;
}

interface Asked {
  readonly said: Said;
  readonly base: string;
  readonly rid: string;
  readonly isPatch: boolean;
  readonly type: string;
  readonly twin: () => Promise<Twin>;
  readonly components: readonly string[];
}

function requestOf(asked: Asked): WireRequest {
  const { said, base, rid, isPatch, twin, components } = asked;
  return {
    order: said.device,
    input: () => Promise.resolve(meantBy(asked)),
    async answer(handled) {
      const topic = (status: number) => `${base}/$iothub/twin/res/${status}/?$rid=${rid}`;
      if (handled.verdict === 'rejected') return [{ topic: topic(statusOf(handled)), payload: '' }];
      const { desired, desiredRev, reported, reportedRev } = await twin();
      if (isPatch) return [{ topic: `${topic(204)}&$version=${reportedRev}`, payload: '' }];
      const half = (values: Values, rev: number) => ({
        ...packed(withoutNulls(values), components),
        $version: rev,
      });
      const both = {
        desired: half(desired, desiredRev),
        reported: half(reportedRev === 0 ? {} : reported, reportedRev),
      };
      return [{ topic: topic(200), payload: JSON.stringify(both) }];
    },
  };
}

function meantBy({ said, isPatch, type }: Asked): Input {
  if (!isPatch) return inputOf(said, `${type}.get`, {});
  const document = patchIn(said.message);
  if (isHearthError(document)) return refusedInput(said, document);
  const { properties, acknowledgement } = unpacked(document);
  return acknowledgement === undefined
    ? inputOf(said, `${type}.reported`, properties)
    : inputOf(said, `${type}.acknowledged`, { ...acknowledgement, reported: properties });
}

function patchIn(message: MqttMessage): Values | HearthError {
  try {
    const document = documentIn(message);
    if (isObject(document)) return document;
    return new HearthError('invalid-event', 'A patch of properties must be an object.');
  } catch (error) {
    if (isHearthError(error)) return error;
    throw error;
  }
}

const statuses: Readonly<Record<string, number>> = {
  'not-permitted': 403,
  erased: 404,
  'not-found': 404,
  'limit-exceeded': 413,
  'record-too-large': 413,
};

const statusOf = ({ code }: Handled): number => statuses[code ?? ''] ?? 400;
