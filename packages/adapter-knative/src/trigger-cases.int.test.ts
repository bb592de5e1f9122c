import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Principal } from '@hearth/core';
import { encodeHttpBinary, encodeHttpStructured, type HttpOutput } from '@hearth/core/event';
import { logger } from '@hearth/node';
import { triggerCases } from '@hearth/testing/conformance';
import type { HostAnswer, OpenTrigger, TriggerMessage } from '@hearth/testing/conformance';
import { describe, expect, it } from 'vitest';
import { knative } from './knative.ts';
import type { KnativeOptions } from './options.ts';

/** How the events of a case are sent: messages of one request each, or several as a batch. */
type Send = (
  messages: readonly TriggerMessage[],
) => readonly (readonly [TriggerMessage, HttpOutput])[];

const silent = logger({ level: 'silent' });
const structured = 'application/cloudevents+json';

const single =
  (encode: typeof encodeHttpStructured): Send =>
  (messages) =>
    messages.map((message) => [
      message,
      'event' in message
        ? encode(message.event)
        : { headers: { 'content-type': structured }, body: message.raw },
    ]);

/** One batch for each sender: a request proves one principal. */
const batched: Send = (messages) => {
  const senders = new Map<string, TriggerMessage[]>();
  for (const message of messages) {
    const sender = JSON.stringify(message.principal);
    senders.set(sender, [...(senders.get(sender) ?? []), message]);
  }
  return [...senders.values()].flatMap((all) => {
    const elements = all.map((one) => JSON.stringify('event' in one ? one.event : one.raw));
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    return all.map((one) => [one, { headers, body: `[${elements.join()}]` }] as const);
  });
};

// The table of Knative's data plane.
function hostAnswer(status: number): HostAnswer {
  if (status >= 200 && status < 300) return 'acknowledged';
  return [404, 408, 409, 429].includes(status) || status >= 500 ? 'redelivered' : 'refused';
}

/** Sends as a broker does, through a proxy that has found out who is speaking. */
function opener(options: Partial<KnativeOptions>, send: Send): OpenTrigger {
  return async (app, runtime) => {
    const auth = ({ headers }: { readonly headers: object }) =>
      JSON.parse((headers as { readonly 'x-principal': string })['x-principal']) as Principal;
    const server = createServer(knative(app, { ...runtime, logger: silent, auth, ...options }));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const post = async (sender: Principal, { headers, body }: HttpOutput) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'x-principal': JSON.stringify(sender) },
        body: body as string,
      });
      expect(await answer.text()).toBe('');
      return hostAnswer(answer.status);
    };
    return {
      async deliver(messages) {
        const requests = new Map<string, Promise<HostAnswer>>();
        const answers = new Map<TriggerMessage, Promise<HostAnswer>>();
        for (const [message, output] of send(messages)) {
          // A message that is twice in a delivery is sent twice, a batch for several messages once.
          const key = send === batched ? String(output.body) : String(requests.size);
          const answer = requests.get(key) ?? post(message.principal, output);
          requests.set(key, answer);
          answers.set(message, answer);
        }
        return Promise.all(
          messages.map(async (message) => (await answers.get(message)) ?? 'redelivered'),
        );
      },
      async close() {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  };
}

const ways: readonly (readonly [name: string, open: OpenTrigger, not: readonly string[]])[] = [
  ['in structured mode', opener({}, single(encodeHttpStructured)), []],
  [
    'in binary mode',
    opener({}, single(encodeHttpBinary)),
    // A header is text: numbers and booleans of extensions that nobody knows stay texts.
    ['hands on an event as it was sent'],
  ],
  [
    'to a broker that files dead letters',
    opener({ rejected: 'refuse' }, single(encodeHttpStructured)),
    [],
  ],
  [
    'in batches',
    opener({ batch: true }, batched),
    // What is no JSON cannot be an element; here it is sent as a JSON text, and kept as one.
    ['keeps the text of a message that is no event'],
  ],
];

describe.each(ways)('knative, %s,', (_, open, not) => {
  it.each(triggerCases.filter(({ name }) => !not.includes(name)))('$name', ({ run }) => run(open));
});
