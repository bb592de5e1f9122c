import type { Runtime, SpanStart } from '@hearth/core';
import { fromEventHub, fromServiceBus, type HubMessage } from '@hearth/emulators/azure-host';
import { describe, expect, it } from 'vitest';
import { app, bytes, reading, world } from '../../test/meter.ts';
import { freshName, worker } from '../../test/worker.ts';
import { eventHub, serviceBus } from '../index.ts';
import type { AzureOptions } from '../index.ts';

const place = { connection: 'C', eventHubName: 'h', queueName: 'q' };
const service = { kind: 'service', id: 's' } as const;

function hub(runtime: Runtime, rest: Partial<AzureOptions> = {}) {
  const name = freshName();
  worker.app.eventHub(name, eventHub(app, { ...runtime, ...rest, ...place, principal: service }));
  return name;
}

describe('log lines', () => {
  const { logger: _, ...unlogged } = world().runtime;
  const rejected: readonly HubMessage[] = [{ body: bytes(reading('1', 14)) }];

  it('go through the context of their invocation, with their level', async () => {
    const { logs } = await fromEventHub(worker, hub(unlogged), rejected);
    const own = logs.filter(({ message }) => message.startsWith('{'));
    expect(own.length).toBeGreaterThan(0);
    for (const { level, message } of own) {
      const line = JSON.parse(message) as { readonly level: string; readonly msg: string };
      expect(level).toBe({ info: 'information', warn: 'warning', error: 'error' }[line.level]);
    }
  });

  it('of invocations at once stay apart', async () => {
    const name = hub(unlogged);
    const runs = await Promise.all(
      ['a1', 'b2'].map((id) => fromEventHub(worker, name, [{ body: bytes(reading(id, 14, id)) }])),
    );
    expect(runs[0]?.logs.some(({ message }) => message.includes('b2'))).toBe(false);
    expect(runs[1]?.logs.some(({ message }) => message.includes('b2'))).toBe(true);
  });

  it('go to a logger of your own instead', async () => {
    const lines: string[] = [];
    const log = (fields: object, message: string) => lines.push(message, ...Object.keys(fields));
    const logger = { debug: log, info: log, warn: log, error: log, fatal: log };
    const { logs } = await fromEventHub(worker, hub(unlogged, { logger }), rejected);
    expect([logs, lines.length > 0]).toEqual([[], true]);
  });
});

const [ours, theirs, other] = ['a', 'b', 'c'].map((sign) => sign.repeat(32)) as [
  string,
  string,
  string,
];
const at = (trace: string, span: string) => `00-${trace}-${span.repeat(16)}-01`;

describe('the trace of a message', () => {
  /** The parents of the spans in which the readings were handled, in their order. */
  async function parents(run: (runtime: Runtime) => Promise<unknown>) {
    const all: (string | undefined)[] = [];
    const tracing = {
      start(name: string, { parent }: SpanStart) {
        if (name.startsWith('com.acme.counted')) all.push(parent);
        const nothing = () => undefined;
        return { traceparent: nothing, set: nothing, fail: nothing, end: nothing };
      },
    };
    await run({ ...world().runtime, tracing });
    return all;
  }
  const invocation = { traceContext: { traceParent: at(ours, '1') } };
  const body = (id: string) => bytes(reading(id, 1, id));

  it('goes on under the invocation if the message has none', async () => {
    const found = await parents((runtime) =>
      fromEventHub(worker, hub(runtime), [{ body: body('1') }], invocation),
    );
    expect(found).toEqual([at(ours, '1')]);
  });

  it('is its own in a batch, whichever of its names the sender has used', async () => {
    const messages = [
      { body: body('1'), properties: { traceparent: at(theirs, '2') } },
      { body: body('2'), properties: { 'Diagnostic-Id': at(other, '3') } },
      { body: body('3'), properties: { 'Diagnostic-Id': '|legacy.1.' } },
    ];
    const found = await parents((runtime) =>
      fromEventHub(worker, hub(runtime), messages, invocation),
    );
    expect(found).toEqual([at(theirs, '2'), at(other, '3'), undefined]);
  });

  it('goes on under the invocation where the host has taken it up', async () => {
    const found = await parents((runtime) => {
      const name = freshName();
      worker.app.serviceBusQueue(
        name,
        serviceBus(app, { ...runtime, ...place, principal: service }),
      );
      const applicationProperties = { 'Diagnostic-Id': at(ours, '9') };
      return fromServiceBus(worker, name, [{ body: body('1'), applicationProperties }], invocation);
    });
    expect(found).toEqual([at(ours, '1')]);
  });
});
