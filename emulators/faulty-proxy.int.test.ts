import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { faultyProxy, type FaultyProxy } from './faulty-proxy.ts';

let echo: Server;
let proxy: FaultyProxy;
let seen: string[];

beforeAll(async () => {
  echo = createServer((request, response) => {
    const answer = async () => {
      const body = await text(request);
      seen.push(body);
      response.writeHead(201, { 'x-path': request.url ?? '' }).end(`echo of ${body}`);
    };
    void answer();
  });
  await once(echo.listen(0, '127.0.0.1'), 'listening');
});

beforeEach(async () => {
  seen = [];
  proxy = await faultyProxy(`http://127.0.0.1:${(echo.address() as AddressInfo).port}`);
});

afterEach(() => proxy.stop());

afterAll(() => {
  echo.close();
  echo.closeAllConnections();
});

const post = (body: string, signal?: AbortSignal) =>
  fetch(`${proxy.url}/a?b=c`, { method: 'POST', body, ...(signal && { signal }) });

it('passes on what goes well, both ways, and keeps it', async () => {
  const response = await post('hello');
  expect([response.status, response.headers.get('x-path')]).toEqual([201, '/a?b=c']);
  expect(await response.text()).toBe('echo of hello');
  expect(
    proxy.exchanges.map(({ request, answer }) => [request.body.toString(), answer.status]),
  ).toEqual([['hello', 201]]);
});

it.each([
  ['drop', []],
  ['lose', ['hello']],
] as const)('breaks the connection on %s', async (fault, done) => {
  proxy.plan(() => fault);
  await expect(post('hello')).rejects.toThrow('fetch failed');
  expect(seen).toEqual(done);
});

it.each([
  ['hang', []],
  ['lose-and-hang', ['hello']],
] as const)('stays silent on %s', async (fault, done) => {
  proxy.plan(() => fault);
  await expect(post('hello', AbortSignal.timeout(100))).rejects.toThrow('timeout');
  expect(seen).toEqual(done);
});

it('answers by itself, by what the request is', async () => {
  proxy.plan(({ nth }) =>
    nth === 2 ? { answer: { status: 429, headers: {}, body: 'slower' } } : undefined,
  );
  const statuses = [];
  for (const body of ['one', 'two', 'three']) statuses.push((await post(body)).status);
  expect(statuses).toEqual([201, 429, 201]);
  expect(seen).toEqual(['one', 'three']);
});

it('changes what is asked and what is answered', async () => {
  proxy.plan(() => ({
    change: {
      body: 'bye',
      answer: (answer) => ({ ...answer, body: `${answer.body.toString()}!` }),
    },
  }));
  expect(await (await post('hello')).text()).toBe('echo of bye!');
});

it('cannot be reached once it is cut off', async () => {
  await proxy.cutOff();
  await expect(post('hello')).rejects.toThrow('fetch failed');
});
