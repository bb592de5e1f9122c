import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { defineApp, defineEvent, defineHandler, read } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { logger } from '@hearth/node';
import { faultyStore } from '@hearth/testing';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { app, eventOf, rung } from '../test/door.ts';
import { latch } from '../test/latch.ts';
import { serve, type ServeOptions } from './serve.ts';

const quiet = logger({ level: 'silent' });

async function open(options: Partial<ServeOptions> = {}) {
  const store = options.store ?? memoryStore();
  const served = await serve(app, {
    store,
    publisher: memoryPublisher(),
    logger: quiet,
    authenticate: { kind: 'service', id: 'broker' },
    port: 0,
    host: '127.0.0.1',
    ...options,
  });
  onTestFinished(served.close);
  return { ...served, store };
}

const post = (url: string, event: object) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  });

/** A store whose loads of doors wait at a gate. */
function gated() {
  const store = memoryStore();
  const gate = latch();
  const begun = latch();
  const load: typeof store.load = async (keys) => {
    if (keys.some((key) => key.startsWith('door/'))) {
      begun.open();
      await gate.opened;
    }
    return store.load(keys);
  };
  return { store: { ...store, load }, gate, begun };
}

describe('health', () => {
  it('is alive and ready while the store answers', async () => {
    const { url } = await open();
    const answers = [
      await fetch(`${url}/health/liveness`),
      await fetch(`${url}/health/readiness?x`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await fetch(`${url}/health/readiness`, { method: 'HEAD' })).status).toBe(200);
  });

  it('is alive and not ready while the store does not', async () => {
    const { url } = await open({ store: faultyStore(memoryStore(), () => 'down') });
    const answers = [await fetch(`${url}/health/liveness`), await fetch(`${url}/health/readiness`)];
    expect(answers.map(({ status }) => status)).toEqual([200, 503]);
  });

  it('asks the store once, however many ask', async () => {
    let loads = 0;
    const store = memoryStore();
    const load: typeof store.load = (keys) => {
      loads += 1;
      return store.load(keys);
    };
    const { url } = await open({ store: { ...store, load }, clock: stoppedClock });
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/health/readiness`)));
    expect(loads).toBe(1);
  });
});

const stoppedClock = {
  now: () => 0,
  sleep: () => Promise.resolve(),
  within: <T>(_: number, work: (signal: AbortSignal) => Promise<T>) =>
    work(new AbortController().signal),
};

describe('closing', () => {
  it('answers what is in progress, is not ready meanwhile, and lets nobody else in', async () => {
    const { store, gate, begun } = gated();
    const { url, port, close } = await open({ store });
    const health = connect(port, '127.0.0.1');
    health.write('GET /health/readiness HTTP/1.1\r\nHost: h\r\n');
    await once(health, 'connect');
    const answer = post(url, eventOf(rung.type));
    await begun.opened;
    // The half of a request that was sent first has been read: a connection with one is not idle and stays.
    const closed = close();
    health.write('\r\n');
    expect(await text(health)).toMatch(/^HTTP\/1\.1 503 [^]*Connection: close/);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    gate.open();
    const { status, headers } = await answer;
    expect([status, headers.get('connection')]).toEqual([202, 'close']);
    await closed;
  });

  it('cuts off what does not end in time', async () => {
    const { store, begun } = gated();
    const { url, close } = await open({ store, drainMs: 1 });
    const answer = post(url, eventOf(rung.type)).catch((error: unknown) => error);
    await begun.opened;
    await close();
    expect(await answer).toBeInstanceOf(Error);
  });

  it('can be asked for twice', async () => {
    const { close } = await open();
    await Promise.all([close(), close()]);
  });

  it('happens on SIGTERM, after which the process ends with 0', async () => {
    const server = fileURLToPath(new URL('../test/server.ts', import.meta.url));
    const child = spawn(process.execPath, [server], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const url = line.toString().trim();
    expect((await post(url, eventOf(rung.type))).status).toBe(202);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('a slow sender', () => {
  it.each([
    ['of headers', 'POST / HTTP/1.1\r\nHost: h\r\n'],
    ['of a body', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{'],
  ])('%s is answered with 408 and cut off', async (_, sent) => {
    const { port } = await open({ slowMs: 50 });
    const socket = connect(port, '127.0.0.1');
    socket.write(sent);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('a sender that asks before it sends', () => {
  const ask = (bytes: number) =>
    `POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Type: application/cloudevents+json\r\nContent-Length: ${bytes}\r\n\r\n`;

  it('is told to go on', async () => {
    const { port } = await open();
    const body = JSON.stringify(eventOf(rung.type));
    const socket = connect(port, '127.0.0.1');
    socket.write(ask(body.length));
    const [goOn] = (await once(socket, 'data')) as [Buffer];
    socket.write(body);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect([goOn.toString(), answer.toString()]).toEqual([
      'HTTP/1.1 100 Continue\r\n\r\n',
      expect.stringMatching(/^HTTP\/1\.1 202 /),
    ]);
  });

  it('is told at once that it is too long', async () => {
    const { port } = await open({ limits: { maxBytes: 1000 } });
    const socket = connect(port, '127.0.0.1');
    socket.write(ask(1001));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('the webhook handshake', () => {
  const headers = {
    'webhook-request-origin': 'events.example.com',
    'webhook-request-callback': 'http://10.0.0.1/confirm',
    'webhook-request-rate': '120',
  };

  it('is answered where it is asked for, and calls nobody', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    const { url } = await open({ webhook: { origins: ['events.example.com'] } });
    const answer = await fetch(url, { method: 'OPTIONS', headers });
    expect([answer.status, answer.headers.get('webhook-allowed-origin')]).toEqual([
      200,
      'events.example.com',
    ]);
    expect(answer.headers.get('webhook-allowed-rate')).toBe('120');
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('is not allowed where it is not', async () => {
    const { url } = await open();
    const answer = await fetch(url, { method: 'OPTIONS', headers });
    expect([answer.status, answer.headers.get('webhook-allowed-origin')]).toEqual([405, null]);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });
});

describe('the sweep', () => {
  const rang = defineEvent('com.acme.bell.rang', z.object({}));
  const stopped = defineEvent('com.acme.bell.stopped', z.object({}));
  const state = z.object({ on: z.boolean() });
  const bell = defineHandler({ name: 'bell', state, initial: { on: false } })
    .on(rang, ({ event, now }) => ({
      state: { on: true },
      timers: [{ key: 'stop', at: now + 5, event: stopped(event.subject, {}) }],
    }))
    .on(stopped, () => ({ state: { on: false } }));
  const bells = defineApp({ source: 'urn:acme:bells', parts: [bell] });

  it('runs timers beside the server', async () => {
    const store = memoryStore();
    const done = latch();
    const { url, close } = await serve(bells, {
      store,
      publisher: memoryPublisher(),
      logger: quiet,
      authenticate: { kind: 'service', id: 'broker' },
      port: 0,
      host: '127.0.0.1',
      observe: ({ event }) => event.type === stopped.type && done.open(),
    });
    onTestFinished(close);
    await post(url, eventOf(rang.type));
    await done.opened;
    expect((await read({ store }, bell.ref('d1'))).state).toEqual({ on: false });
  });
});

describe('what is wrong is said at once', () => {
  it('a port that is taken', async () => {
    const { port } = await open();
    await expect(open({ port })).rejects.toMatchObject({ code: 'invalid-option', field: 'port' });
  });

  it('a "PORT" that is no number', async () => {
    vi.stubEnv('PORT', 'http');
    onTestFinished(() => void vi.unstubAllEnvs());
    const options = { store: memoryStore(), publisher: memoryPublisher(), logger: quiet };
    await expect(serve(app, options)).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('a webhook that lets everybody in', async () => {
    await expect(open({ webhook: { origins: ['*'] } })).rejects.toMatchObject({
      field: 'webhook.origins',
    });
  });
});

it('takes its port from the environment, as Knative gives it', async () => {
  vi.stubEnv('PORT', '0');
  onTestFinished(() => void vi.unstubAllEnvs());
  const options = { store: memoryStore(), publisher: memoryPublisher(), logger: quiet };
  const { port, url, close } = await serve(app, options);
  onTestFinished(close);
  expect(url).toBe(`http://localhost:${port}`);
  expect((await fetch(`${url}/health/liveness`)).status).toBe(200);
});
