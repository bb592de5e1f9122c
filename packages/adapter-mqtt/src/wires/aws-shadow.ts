import { HearthError, isHearthError, read } from '@hearth/core';
import type { CloudEvent, Handled, Input, Twin } from '@hearth/core';
import { topicPattern } from '@hearth/core/event';
import type { MqttMessage } from '../decode.ts';
import { places } from '../topics.ts';
import { acceptedOf, deltaOf, shadowOf } from './shadow-document.ts';
import { tokenOf, updateOf, type ShadowUpdate } from './shadow-update.ts';
import {
  documentIn,
  inputOf,
  refusedInput,
  type MqttWire,
  type Said,
  type WireDevice,
  type WireMessage,
  type WireOptions,
  type WireRequest,
} from './wire.ts';

/** How a shadow is served. */
export interface AwsShadowOptions extends WireOptions {
  /** The name of the shadow; the classic one, which has none, unless given. */
  readonly shadow?: string;
}

type Operation = 'update' | 'get' | 'delete';
type Values = Readonly<Record<string, unknown>>;

/**
 * Serves devices that speak to the Device Shadow of AWS IoT from a twin: `$aws/things/{thing}/shadow/update`, `/get` and `/delete` with
 * their `/accepted` and `/rejected`, and `/update/delta`.
 *
 * The thing's name is the subject. What it reports is a `reported` event. A device does not wish: what it writes into `desired` says that
 * it will not do what is wished for there, so that it is not asked again until somebody wishes anew (`acknowledged`, `rejected`). The version counts
 * the changes of both halves. A `version` in an update is not compared: nobody else writes what a device reports. `/delete` is refused (403), and
 * `/update/documents` is not published.
 */
export function awsShadowWire(device: WireDevice, options: AwsShadowOptions): MqttWire {
  const { store, shadow, principal = 'anonymous', isFor = () => true } = options;
  if (shadow !== undefined && !/^[\w:-]{1,64}$/.test(shadow)) {
    const message = 'shadow must be a name of 1 to 64 letters, digits, ":", "_" and "-".';
    throw new HearthError('invalid-option', message, { field: 'shadow' });
  }
  const base = `$aws/things/{device}/shadow${shadow === undefined ? '' : `/name/${shadow}`}`;
  const operations = ['update', 'get', 'delete'] as const;
  const topics = new Map<string, Operation>(operations.map((one) => [`${base}/${one}`, one]));
  const known = places(Object.fromEntries([...topics.keys()].map((one) => [one, {}])), principal);
  const delta = topicPattern(`${base}/update/delta`);
  const twinOf = async (thing: string) => (await read({ store }, device.ref(thing))).state;
  return {
    filters: known.filters,
    areProved: known.areProved,
    tells: [`${device.type}.desired`],
    read(message, transportId) {
      const place = known.at(message.topic);
      const operation = topics.get(place.pattern ?? '');
      const { device: thing } = place.params;
      if (operation === undefined || thing === undefined || !isFor(thing)) return undefined;
      const said = { message, place, device: thing, transportId };
      return requestOf({ said, operation, type: device.type, twin: () => twinOf(thing) });
    },
    async tell({ subject = '' }: CloudEvent) {
      if (!isFor(subject)) return [];
      // What it is told is what there is to do now: a document of one version is never an older one.
      const document = deltaOf(await twinOf(subject), Date.now());
      const topic = delta.build({ device: subject });
      return document === undefined ? [] : [{ topic, payload: JSON.stringify(document) }];
    },
  };
}

interface Asked {
  readonly said: Said;
  readonly operation: Operation;
  readonly type: string;
  readonly twin: () => Promise<Twin>;
}

function requestOf(asked: Asked): WireRequest {
  const { said, operation, twin } = asked;
  const found = foundIn(said.message, operation);
  const anonymous = () => said.place.sender(said.message.properties?.userProperties);
  return {
    order: said.device,
    input: () => meantBy(asked, found),
    async answer(handled) {
      const now = Date.now();
      const { clientToken } = found;
      const reply = (how: 'accepted' | 'rejected', document: Values): readonly WireMessage[] => {
        const payload = { ...document, ...(clientToken === undefined ? {} : { clientToken }) };
        return [{ topic: `${said.message.topic}/${how}`, payload: JSON.stringify(payload) }];
      };
      const refuse = (code: number, message: string) =>
        reply('rejected', { code, message, timestamp: Math.floor(now / 1000) });
      if (handled.verdict === 'rejected') {
        const sender = anonymous();
        if (!isHearthError(sender) && sender.kind === 'anonymous')
          return refuse(401, 'Unauthorized');
        return refuse(...refusalOf(handled, found.error));
      }
      const state = await twin();
      if (found.update !== undefined)
        return reply('accepted', acceptedOf(found.update.state, state, now));
      if (operation === 'get' && state.desiredRev + state.reportedRev > 0)
        return reply('accepted', shadowOf(state, now));
      return refuse(404, `No shadow exists with name: '${said.device}'`);
    },
  };
}

/** What a message holds. */
interface Found {
  readonly update?: ShadowUpdate;
  readonly clientToken?: string | undefined;
  readonly error?: HearthError;
}

function foundIn(message: MqttMessage, operation: Operation): Found {
  let clientToken: string | undefined;
  try {
    const document = documentIn(message);
    clientToken = tokenOf(document);
    if (operation === 'delete')
      return { clientToken, error: new HearthError('not-permitted', 'Forbidden') };
    return operation === 'get' ? { clientToken } : { clientToken, update: updateOf(document) };
  } catch (error) {
    if (isHearthError(error)) return { clientToken, error };
    throw error;
  }
}

async function meantBy({ said, type, twin }: Asked, { update, error }: Found): Promise<Input> {
  if (error !== undefined) return refusedInput(said, error);
  if (update === undefined) return inputOf(said, `${type}.get`, {});
  const { reported, desired } = update;
  if (desired === undefined) return inputOf(said, `${type}.reported`, reported ?? {});
  const { desiredRev } = await twin();
  return inputOf(said, `${type}.acknowledged`, {
    desiredRev,
    status: 'rejected',
    code: 'desired-by-device',
    ...(desired === 'all' ? {} : { properties: desired }),
    ...(reported === undefined ? {} : { reported }),
  });
}

// https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
const refusals: Readonly<Record<string, readonly [code: number, message: string]>> = {
  'not-permitted': [403, 'Forbidden'],
  erased: [404, 'Thing not found'],
  'not-found': [404, 'Thing not found'],
  'rev-conflict': [409, 'Version conflict'],
  conflict: [409, 'Version conflict'],
  stale: [409, 'Version conflict'],
  'limit-exceeded': [413, 'The payload exceeds the maximum size allowed'],
  'record-too-large': [413, 'The payload exceeds the maximum size allowed'],
  'unsupported-media-type': [415, 'Unsupported documented encoding; supported encoding is UTF-8'],
};

function refusalOf({ code }: Handled, error: HearthError | undefined): readonly [number, string] {
  return refusals[code ?? ''] ?? [400, error?.message ?? 'State contains an invalid node'];
}
