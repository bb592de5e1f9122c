import type { CloudEvent, Principal } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import { eventOf, rung } from '../test/door.ts';
import { listening, raw } from '../test/listening.ts';
import { bearer, sharedToken, trustedHeader } from './auth.ts';

const service: Principal = { kind: 'service', id: 'broker' };

describe('who is speaking', () => {
  it('is anonymous unless said otherwise, and speaks for nothing', async () => {
    const said: Principal[] = [];
    const { send, deadLetters } = await listening({
      authenticate: () => ({ kind: 'anonymous', id: '' }),
      speaksFor: (principal) => {
        said.push(principal);
        return false;
      },
    });
    await send(eventOf(rung.type, { authid: 'd1', authtype: 'service' }));
    expect(said).toEqual([{ kind: 'anonymous', id: '' }]);
    expect(deadLetters.published[0]?.event.data).toMatchObject({ code: 'not-permitted' });
  });

  it('is told at the start if everybody will be rejected', async () => {
    const { lines } = await listening({ authenticate: undefined as never });
    expect(lines).toMatchObject([{ level: 'warn', fields: { field: 'authenticate' } }]);
  });

  it('is not believed twice: a device that speaks for another is rejected and reported', async () => {
    const { send, publisher } = await listening({
      authenticate: trustedHeader({ name: 'X-Device', kind: 'device' }),
    });
    await send(eventOf(rung.type), { 'x-device': 'd2' });
    const types = publisher.published.map(
      ({ event }: { readonly event: CloudEvent }) => event.type,
    );
    expect(types).toEqual(['hearth.security.denied']);
  });
});

describe('a trusted header', () => {
  const auth = trustedHeader({ name: 'X-Device', kind: 'device' });

  it('names the principal', async () => {
    const { send, rings } = await listening({ authenticate: auth });
    expect((await send(eventOf(rung.type), { 'x-device': 'd1' })).status).toBe(202);
    expect(await rings()).toBe(1);
  });

  it('is needed', async () => {
    const { send } = await listening({ authenticate: auth });
    const answer = await send(eventOf(rung.type));
    expect([answer.status, await answer.text()]).toEqual([401, '']);
  });

  it('is not believed when it comes twice', async () => {
    const { port } = await listening({ authenticate: auth });
    const sent =
      'POST / HTTP/1.1\r\nHost: h\r\nX-Device: d1\r\nX-Device: d2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
    expect(await raw(port, sent)).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('a bearer token', () => {
  const auth = bearer(async (token) => (token === 'good' ? service : undefined));

  it.each([
    ['lets in', 'Bearer good', 202],
    ['does not let in when it is wrong', 'Bearer bad', 401],
    ['does not let in when it is another scheme', 'Basic good', 401],
    ['does not let in when it is two', 'Bearer good bad', 401],
    ['does not let in when it is empty', 'Bearer ', 401],
  ])('%s', async (_, authorization, status) => {
    const { send } = await listening({ authenticate: auth });
    expect((await send(eventOf(rung.type), { authorization })).status).toBe(status);
  });

  it('is answered with 503 when it cannot be checked', async () => {
    const { send, lines } = await listening({
      authenticate: bearer(() => Promise.reject(new Error('no keys'))),
    });
    expect((await send(eventOf(rung.type), { authorization: 'Bearer good' })).status).toBe(503);
    expect(lines.at(-1)).toMatchObject({ level: 'error' });
  });

  it.each([
    ['null', 401, null],
    ['no principal', 503, true],
    ['a principal without an id', 503, { kind: 'service' }],
    [
      'a principal with claims that look like an answer',
      202,
      { ...service, status: 200, body: 'x' },
    ],
  ])('gives %s: %i', async (_, status, principal) => {
    const { send, rings } = await listening({ authenticate: () => principal as Principal });
    expect((await send(eventOf(rung.type))).status).toBe(status);
    expect(await rings()).toBe(status === 202 ? 1 : 0);
  });

  it('is checked before the body is read', async () => {
    const { port } = await listening({ authenticate: auth });
    const head = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n';
    expect(await raw(port, head)).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('a shared token', () => {
  const auth = sharedToken({ tokens: ['old', 'n&w'], principal: service });

  it.each([
    ['lets in as a bearer token', '/', { authorization: 'Bearer old' }, 202],
    ['lets in from the query', '/?a=1&access_token=n%26w', {}, 202],
    ['does not let in when it is wrong', '/?access_token=ol', {}, 401],
    ['does not let in when it is empty', '/?access_token=', {}, 401],
    ['does not let in when it is missing', '/', {}, 401],
  ])('%s', async (_, path, headers, status) => {
    const { url } = await listening({ authenticate: auth });
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json', ...headers },
      body: JSON.stringify(eventOf(rung.type)),
    });
    expect(answer.status).toBe(status);
  });

  it('is taken out of the URL before anybody else can log it', async () => {
    const seen: (string | undefined)[] = [];
    const { url, server } = await listening({ authenticate: auth });
    server.on('request', (request: { readonly url?: string }) => seen.push(request.url));
    await fetch(`${url}/hook?a=1&access_token=secret&b=2`, { method: 'POST' });
    expect(seen).toEqual(['/hook?a=1&b=2']);
  });

  it('can change without a restart', async () => {
    let tokens = ['old'];
    const { send } = await listening({
      authenticate: sharedToken({ tokens: () => tokens, principal: service }),
    });
    const status = async () =>
      (await send(eventOf(rung.type), { authorization: 'Bearer new' })).status;
    expect(await status()).toBe(401);
    tokens = ['old', 'new'];
    expect(await status()).toBe(202);
  });

  it.each([[[]], [['']]])('must be given: %j', (tokens) => {
    expect(() => sharedToken({ tokens, principal: service })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'tokens' }) as Error,
    );
  });
});
