import { faas, serve, type ServeOptions } from '@hearth/adapter-knative';
import type { Principal, Runtime } from '@hearth/core';
import { encodeHttpBinary, encodeHttpStructured } from '@hearth/core/event';
import { startFaas } from '@hearth/emulators/faas-js';
import type { TriggerMessage } from '@hearth/testing/conformance';
import { sender } from '../packages/adapter-knative/test/sending.ts';
import { app } from './home.ts';
import {
  byStatus,
  isPlain,
  channelLimits,
  type Answer,
  type Limit,
  type Running,
  type Way,
} from './way.ts';

interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

type Encode = typeof encodeHttpBinary | typeof encodeHttpStructured;

const structured = 'application/cloudevents+json';

function running({ url, close }: Listening, encode: Encode): Running {
  const post = async (principal: Principal, type: string | undefined, output: Output) => {
    const headers = { ...output.headers, ...(type === undefined ? {} : { 'content-type': type }) };
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'x-principal': JSON.stringify(principal) },
      body: output.body as string,
    });
    await answer.text();
    return byStatus(answer.status);
  };
  const one = (message: TriggerMessage) => {
    if ('event' in message) return post(message.principal, undefined, encode(message.event));
    const type = isPlain(message) ? 'text/plain' : structured;
    return post(message.principal, type, { headers: {}, body: message.raw });
  };
  return {
    async deliver(messages) {
      const [first] = messages;
      if (first === undefined) return [];
      if (messages.length === 1) return [await one(first)];
      const answers: Answer[] = [];
      for (const batch of batches(messages)) {
        const body = `[${batch.map(elementOf).join()}]`;
        const type = 'application/cloudevents-batch+json';
        const answer = await post((batch[0] ?? first).principal, type, { headers: {}, body });
        answers.push(...batch.map(() => answer));
      }
      return answers;
    },
    close,
  };
}

type Output = Pick<ReturnType<Encode>, 'headers' | 'body'>;

const elementOf = (message: TriggerMessage): string =>
  'event' in message ? JSON.stringify(message.event) : message.raw;

/** Cuts a delivery where the sender changes: a request proves one principal. */
function batches(messages: readonly TriggerMessage[]): TriggerMessage[][] {
  const all: TriggerMessage[][] = [];
  let last = '';
  for (const message of messages) {
    const id = JSON.stringify(message.principal);
    if (id === last) all.at(-1)?.push(message);
    else all.push([message]);
    last = id;
  }
  return all;
}

const serving =
  (encode: Encode, options: Partial<ServeOptions> = {}) =>
  async (runtime: Runtime): Promise<Running> => {
    const where = { port: 0, host: '127.0.0.1', sweeper: 'elsewhere' } as const;
    return running(
      await serve(app, { ...runtime, authenticate: sender, ...where, ...options }),
      encode,
    );
  };

const inFaas =
  (encode: Encode) =>
  async (runtime: Runtime): Promise<Running> => {
    const options = { ...runtime, authenticate: sender, sweeper: 'elsewhere' } as const;
    const { url, stop } = await startFaas(faas(app, options));
    return running({ url, close: stop }, encode);
  };

const { jsonOnly, textAttributes } = channelLimits;

const readable: Limit = {
  why: 'what is no event faas-js-runtime answers with 500 by itself, and nobody is asked',
  applies: (message) => 'raw' in message,
};

/** Every way into Knative. */
export const knativeWays: readonly Way[] = [
  { name: 'serve, structured mode', open: serving(encodeHttpStructured) },
  {
    name: 'serve, binary mode',
    variant: true,
    limits: [textAttributes],
    open: serving(encodeHttpBinary),
  },
  {
    name: 'serve, batches',
    limits: [jsonOnly],
    batches: true,
    open: serving(encodeHttpStructured, { batch: true }),
  },
  { name: 'faas, structured mode', limits: [readable], open: inFaas(encodeHttpStructured) },
  {
    name: 'faas, binary mode',
    variant: true,
    limits: [readable, textAttributes],
    open: inFaas(encodeHttpBinary),
  },
];
