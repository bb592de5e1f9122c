import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { knative, type KnativeOptions } from '@hearth/adapter-knative';
import type { App, Principal, Runtime } from '@hearth/core';
import type { CloudEvent, HttpOutput } from '@hearth/core/event';
import { logger } from '@hearth/node';
import type { HostAnswer, OpenTrigger, TriggerMessage } from '@hearth/testing/conformance';
import { expect } from 'vitest';

/** How the events of a case are sent: messages of one request each, or several as a batch. */
export type Send = (
  messages: readonly TriggerMessage[],
) => readonly (readonly [TriggerMessage, HttpOutput])[];

/** Something that listens, and takes who speaks from the header `x-principal`, as behind a proxy that has found it out. */
export interface Listening {
  readonly url: string;
  close(): Promise<unknown>;
}

const structured = 'application/cloudevents+json';

/** One request for each message. */
export const single =
  (encode: (event: CloudEvent) => HttpOutput): Send =>
  (messages) =>
    messages.map((message) => [
      message,
      'event' in message
        ? encode(message.event)
        : { headers: { 'content-type': structured }, body: message.raw },
    ]);

/** One batch for each sender: a request proves one principal. */
export const batched: Send = (messages) => {
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

/** Who speaks, as the proxy says. */
export const sender = ({ headers }: { readonly headers: object }): Principal =>
  JSON.parse((headers as { readonly 'x-principal': string })['x-principal']) as Principal;

/** Sends as a broker does. */
export function opener(
  listen: (app: App, runtime: Runtime) => Promise<Listening>,
  send: Send,
): OpenTrigger {
  return async (app, runtime) => {
    const { url, close } = await listen(app, runtime);
    const post = async (by: Principal, { headers, body }: HttpOutput) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'x-principal': JSON.stringify(by) },
        body: body as string,
      });
      const text = await answer.text();
      if (answer.status !== 500) expect(text).toBe('');
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
        await close();
      },
    };
  };
}

export const silent = logger({ level: 'silent' });

/** Our own listener behind a server of Node.js. */
export const byKnative =
  (options: Partial<KnativeOptions> = {}) =>
  async (app: App, runtime: Runtime): Promise<Listening> => {
    const all = { ...runtime, logger: silent, authenticate: sender, ...options };
    const server = createServer(knative(app, all));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async close() {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  };
