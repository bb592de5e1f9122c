import { defineApp, defineDevice, handle, type Draft, type Runtime } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { simulatedClock } from '@hearth/testing';
import * as z from 'zod';
import type { MqttWire } from '../src/index.ts';
import { silent } from './thermostat.ts';

/** The lamp of the examples in the documentation of AWS. */
export const lamp = defineDevice({
  type: 'com.acme.lamp',
  state: z.object({
    color: z.string().nullable(),
    sequence: z.array(z.string()).nullable(),
    lights: z.object({ color: z.string().optional(), level: z.number().optional() }),
  }),
  initial: { color: null, sequence: null, lights: {} },
  writable: z.object({
    color: z.string(),
    sequence: z.array(z.string()),
    lights: z.object({ color: z.string().optional(), level: z.number().optional() }),
  }),
  limits: 'aws',
});

/** The sensor of the examples in the documentation of Azure, with a component of IoT Plug and Play. */
export const sensor = defineDevice({
  type: 'com.acme.sensor',
  state: z.object({
    telemetrySendFrequency: z.string().nullable(),
    batteryLevel: z.number().nullable(),
    targetTemperature: z.number().nullable(),
    thermostat1: z.object({ targetTemperature: z.number().optional() }),
  }),
  initial: {
    telemetrySendFrequency: null,
    batteryLevel: null,
    targetTemperature: null,
    thermostat1: {},
  },
  writable: z.object({
    telemetrySendFrequency: z.string(),
    targetTemperature: z.number(),
    thermostat1: z.object({ targetTemperature: z.number().optional() }),
  }),
});

/** The app of the tests of wires. */
export const app = defineApp({ source: 'urn:acme:home', parts: [lamp, sensor] });

/** A message to a device, with its document. */
export interface Told {
  readonly topic: string;
  readonly document: unknown;
}

const toldOf = (all: readonly { readonly topic: string; readonly payload: string }[]) =>
  all.map(({ topic, payload }): Told => ({
    topic,
    document: payload === '' ? '' : (JSON.parse(payload) as unknown),
  }));

/** An app that serves a wire, without a broker. */
export function served(make: (store: Runtime['store']) => MqttWire) {
  const store = memoryStore();
  const clock = simulatedClock(Date.now());
  const publisher = memoryPublisher();
  const runtime: Runtime = {
    store,
    clock,
    publisher,
    deadLetters: memoryPublisher(),
    logger: silent,
  };
  const wire = make(store);
  let count = 0;
  let seen = 0;
  return {
    wire,
    store,
    /** A service says something; gives what devices are told for it. */
    async wish({ type, subject, data }: Draft): Promise<readonly Told[]> {
      const id = `wish-${(count += 1)}`;
      const event = { specversion: '1.0', id, source: 'urn:app', type, subject, data } as const;
      const [one] = await handle(
        app,
        [{ event, principal: { kind: 'service', id: 'app' } }],
        runtime,
      );
      if (one?.verdict !== 'done') throw new Error(`${one?.code}: ${one?.message}`);
      return this.told();
    },
    /** What devices have been told since the last look. */
    async told(): Promise<readonly Told[]> {
      const published = publisher.published.slice(seen);
      seen = publisher.published.length;
      const events = published.filter(({ event: { type } }) => wire.tells.includes(type));
      return toldOf((await Promise.all(events.map(({ event }) => wire.tell(event)))).flat());
    },
    /** A device publishes; gives its answer. */
    async publish(topic: string, document: unknown): Promise<readonly Told[]> {
      const payload =
        document instanceof Uint8Array
          ? document
          : Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
      const request = wire.read({ topic, payload }, () => `m${(count += 1)}`);
      if (request === undefined) throw new Error(`Nobody reads "${topic}".`);
      const [handled] = await handle(app, [await request.input()], runtime);
      return toldOf(handled === undefined ? [] : await request.answer(handled));
    },
  };
}
