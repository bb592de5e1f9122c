import type { Runtime } from '@hearth/core';
import { faultyPublisher, faultyStore } from '@hearth/testing';
import { fromEventHub, type HubMessage } from '@hearth/emulators/azure-host';
import { describe, expect, it } from 'vitest';
import { app, bytes, reading, world } from '../../test/meter.ts';
import { freshName, stamp, worker } from '../../test/worker.ts';
import { eventHub, iotHub, type EventHubOptions } from '../index.ts';

const service = { kind: 'service', id: 'gateway' } as const;
const place = { connection: 'HUB', eventHubName: 'readings', principal: service };
const down = new Error('thrown');

/** A function, and a host that runs a batch until it is done or given up, as a retry policy says. */
function hub(runtime: Runtime, rest: Partial<EventHubOptions> = {}) {
  const name = freshName();
  worker.app.eventHub(name, eventHub(app, { ...runtime, ...place, ...rest }));
  const run = (messages: readonly HubMessage[], retryCount = 0) => {
    const { retryOptions } = worker.metadata(name);
    const retryContext = { retryCount, maxRetryCount: retryOptions?.maxRetryCount ?? 0 };
    return fromEventHub(worker, name, messages, retryCount === 0 ? {} : { retryContext });
  };
  return {
    name,
    run,
    /** The attempts that it takes until the batch is done, or the message of the error with which it is given up. */
    async until(messages: readonly HubMessage[], most: number) {
      for (let attempt = 0; attempt < most; attempt += 1) {
        const error = await run(messages, attempt).then(
          () => undefined,
          (cause: unknown) => cause as Error,
        );
        if (error === undefined) return attempt + 1;
      }
      return down;
    },
  };
}

const of = (...events: readonly unknown[]): readonly HubMessage[] =>
  events.map((event) => ({ body: bytes(event) }));

describe('what the host is told', () => {
  it('asks for bytes, many at once, and a policy that never gives up, and shows nothing else', () => {
    const { name } = hub(world().runtime, { consumerGroup: 'home' });
    const [binding] = Object.values(worker.metadata(name).bindings);
    expect(binding).toEqual({
      type: 'eventHubTrigger',
      direction: 'in',
      name: expect.stringMatching(/^eventHubTrigger/),
      connection: 'HUB',
      eventHubName: 'readings',
      consumerGroup: 'home',
      cardinality: 'many',
      dataType: 'binary',
      properties: { supportsDeferredBinding: 'false' },
    });
    expect(worker.metadata(name).retryOptions).toMatchObject({
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: -1,
    });
  });

  it('leaves out the policy if there is to be none', () => {
    const { name } = hub(world().runtime, { retry: 'none' });
    expect(worker.metadata(name).retryOptions).toBeUndefined();
  });

  it('throws an error that says what must come again, and none of the data', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'down');
    const { run } = hub({ ...at.runtime, store });
    await expect(run(of(reading('1'), reading('2', 1, 'm2')))).rejects.toThrow(
      /^2 of 2 must be delivered again: store-unavailable\.$/,
    );
  });
});

describe('under a policy that never gives up', () => {
  it('keeps the partition waiting while the store is down, and loses nothing', async () => {
    const at = world();
    let calls = 0;
    const store = faultyStore(at.store, () => ((calls += 1) <= 20 ? 'down' : undefined));
    const { until } = hub({ ...at.runtime, store });
    const attempts = await until(of(reading('1'), reading('2')), 100);
    expect(attempts).toBeGreaterThan(10);
    expect(await at.state()).toEqual({ sum: 2, ids: ['1', '2'] });
    expect(at.codes()).toEqual([]);
  });

  it('dead-letters a step that fails at the fifth attempt, and goes on', async () => {
    const at = world();
    const { until } = hub(at.runtime);
    expect(await until(of(reading('1'), reading('2', 13, 'm2'), reading('3')), 9)).toBe(5);
    expect(await at.state()).toEqual({ sum: 2, ids: ['1', '3'] });
    expect(at.codes()).toEqual(['step-failed']);
  });

  it('dead-letters it at another attempt if told so', async () => {
    const at = world();
    expect(await hub(at.runtime, { attempts: 1 }).until(of(reading('2', 13)), 9)).toBe(1);
    expect(at.codes()).toEqual(['step-failed']);
  });

  it('acknowledges what a step rejects at once, for it is in the dead letters', async () => {
    const at = world();
    expect(await hub(at.runtime).until(of(reading('1', 14), reading('2')), 9)).toBe(1);
    expect(at.codes()).toEqual(['not-today']);
  });

  it('keeps waiting while the dead letters do not take it', async () => {
    const at = world();
    let calls = 0;
    const deadLetters = faultyPublisher(at.deadLetters, () =>
      (calls += 1) <= 7 ? 'down' : undefined,
    );
    expect(await hub({ ...at.runtime, deadLetters }).until(of(reading('1', 14)), 20)).toBe(8);
    expect(at.codes()).toEqual(['not-today']);
  });
});

const threeTimes = { strategy: 'fixedDelay', maxRetryCount: 2, delayInterval: 1000 } as const;

describe('under a policy that gives up', () => {
  it('dead-letters at the last attempt what the host would forget, whatever the reason', async () => {
    const at = world();
    const store = faultyStore(at.store, ({ key }) => (key === 'meter/m1' ? 'full' : undefined));
    const { until } = hub({ ...at.runtime, store }, { retry: threeTimes });
    const events = of(reading('1'), reading('2', 1, 'm2'), reading('3'));
    expect(await until(events, 3)).toBe(3);
    expect(at.letters().map(({ event }) => event?.id)).toEqual(['1', '3']);
    expect((await at.state('m2')).ids).toEqual(['2']);
  });

  it('does it only then', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'full');
    const { until } = hub({ ...at.runtime, store }, { retry: threeTimes });
    expect(await until(of(reading('1')), 2)).toBe(down);
    expect(at.codes()).toEqual([]);
  });
});

describe('without a policy', () => {
  it('tries a step again in process, and dead-letters it if that does not help', async () => {
    const at = world();
    expect(await hub(at.runtime, { retry: 'none' }).until(of(reading('1', 13)), 1)).toBe(1);
    expect(at.codes()).toEqual(['step-failed']);
  });

  it('dead-letters what cannot be done now, for the host goes on', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'down');
    const { until } = hub({ ...at.runtime, store }, { retry: 'none' });
    expect(await until(of(reading('1')), 1)).toBe(1);
    expect(at.letters()).toMatchObject([{ code: 'store-unavailable', event: { id: '1' } }]);
  });

  it('throws if the dead letters do not take it either: that is what is lost', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'down');
    const deadLetters = faultyPublisher(at.deadLetters, () => 'down');
    const { until } = hub({ ...at.runtime, store, deadLetters }, { retry: 'none' });
    expect(await until(of(reading('1')), 1)).toBe(down);
  });

  it('takes the word of a host that says how often it tries', async () => {
    const at = world();
    const { name } = hub(at.runtime, { retry: 'none' });
    const again = { retryContext: { retryCount: 1, maxRetryCount: 3 } };
    await expect(fromEventHub(worker, name, of(reading('1', 13)), again)).rejects.toThrow(
      /step-failed/,
    );
    expect(at.codes()).toEqual([]);
  });
});

describe('a payload that is no event', () => {
  const plain = { type: 'com.acme.counted' };
  const devices = (runtime: Runtime) => {
    const name = freshName();
    const options = { ...runtime, connection: 'IOT', eventHubName: 'iot', plain };
    worker.app.eventHub(name, iotHub(app, options));
    return name;
  };
  const said = (body: unknown, id = 'm1', rest: object = {}): HubMessage => ({
    body: bytes(body),
    systemProperties: { ...stamp({ id }), ...rest },
  });

  it('becomes one about its device, whose id is where it lies', async () => {
    const at = world();
    const name = devices(at.runtime);
    await fromEventHub(worker, name, [said({ by: 2 }), said({ by: 3 })], { first: 7 });
    const { sum, ids } = await at.state();
    expect(sum).toBe(5);
    expect(ids).toEqual(['3.7.1704067200250', '3.8.1704067200250']);
  });

  it('is recognised when it comes again', async () => {
    const at = world();
    const name = devices(at.runtime);
    for (let i = 0; i < 3; i += 1) await fromEventHub(worker, name, [said({ by: 2 })]);
    expect((await at.state()).sum).toBe(2);
  });

  it('is not known by a message id, which a device may use again', async () => {
    const at = world();
    const again = { 'message-id': '1' };
    const messages = [said({ by: 2 }, 'm1', again), said({ by: 3 }, 'm1', again)];
    await fromEventHub(worker, devices(at.runtime), messages);
    expect((await at.state()).sum).toBe(5);
  });

  it('is rejected if IoT Hub says it and no device', async () => {
    const at = world();
    const twin = { 'iothub-message-source': 'twinChangeEvents' };
    await fromEventHub(worker, devices(at.runtime), [said({ by: 2 }, 'm1', twin)]);
    expect(at.codes()).toEqual(['unsupported-media-type']);
  });
});
