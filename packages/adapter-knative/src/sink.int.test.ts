import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudEvent, Outgoing, PublishResult } from '@hearth/core';
import { decodeHttp } from '@hearth/core/event';
import { publisherCases, unmetNeed } from '@hearth/testing/conformance';
import { commandPath, needs, type SkippableTest } from '@hearth/testing/needs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { receiver, type Reaction } from '../test/receiver.ts';
import { sink } from './sink.ts';
import type { SinkOptions } from './sink-options.ts';

const event: CloudEvent = {
  specversion: '1.0',
  id: 'e1',
  source: 'urn:acme:house',
  type: 'com.acme.chimed',
  subject: 'd1',
  data: { note: 'ä', times: 1 },
};

const outgoing = (rest: Partial<CloudEvent> = {}, traceparent?: string): Outgoing => {
  const all = { ...event, ...rest };
  const body = JSON.stringify(all);
  return { event: all, body, ...(traceparent === undefined ? {} : { traceparent }) };
};

/** A sink with its other end. */
async function open(react?: Reaction, options: SinkOptions = {}) {
  const other = await receiver(react);
  const publisher = sink({ url: other.url, ...options });
  onTestFinished(publisher.close);
  return { ...other, publisher };
}

const seen = (result: PublishResult | undefined) =>
  result?.outcome === 'failed'
    ? [result.error.code, result.error.retryable ? 'again' : 'never']
    : [result?.outcome];

/** The cases of every publisher. */
async function harness(options: SinkOptions) {
  const refused = new Set<string>();
  const maxEventBytes = 100_000;
  const react: Reaction = ({ headers, body }) => {
    if (Buffer.byteLength(body) > maxEventBytes) return [413];
    return [refused.has(idOf(headers, body)) ? 503 : 202];
  };
  const other = await open(react, options);
  const structured = options.mode === 'binary' ? {} : { structured: true as const, maxEventBytes };
  return {
    publisher: other.publisher,
    received: async () =>
      other.taken.map(({ headers, body }) => ({
        id: idOf(headers, body),
        ...(options.mode === 'binary' ? {} : { body }),
      })),
    failFor: (ids: readonly string[]) => {
      refused.clear();
      for (const id of ids) refused.add(id);
    },
    cutOff: other.close,
    ...structured,
  };
}

function idOf(headers: IncomingHttpHeaders, body: string): string {
  const [only] = decodeHttp({ headers, body }).events;
  return (only as CloudEvent).id;
}

describe.each(['structured', 'binary'] as const)('a sink in %s mode', (mode) => {
  it.each(publisherCases)('$name', async (each) => {
    const opened = await harness({ mode });
    const unmet = unmetNeed(each, opened);
    if (unmet === undefined) return each.run(opened);
    // Only what a binary message has no place for may be missing.
    expect([mode, unmet]).toEqual(['binary', expect.stringMatching(/structured|maxEventBytes/)]);
  });
});

describe('a structured event', () => {
  it('is sent as it is stored, with the trace of this hop', async () => {
    const { publisher, taken } = await open();
    const sent = outgoing({}, `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
    await publisher.publish([sent]);
    expect(taken[0]).toMatchObject({ url: '/broker', body: sent.body });
    expect(taken[0]?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'content-length': String(Buffer.byteLength(sent.body)),
      traceparent: sent.traceparent,
    });
  });

  it('is changed by the overrides and nothing else', async () => {
    const { publisher, taken } = await open(undefined, {
      overrides: { region: 'eu', tenant: 'a' },
    });
    await publisher.publish([outgoing({ tenant: 'b' })]);
    expect(taken[0]?.body).toBe(JSON.stringify({ ...event, tenant: 'a', region: 'eu' }));
  });
});

describe('a binary event', () => {
  it('is sent as headers and data, with the overrides', async () => {
    const { publisher, taken } = await open(undefined, {
      mode: 'binary',
      overrides: { region: 'eu' },
    });
    await publisher.publish([outgoing({ subject: 'Tür' })]);
    expect(taken[0]?.body).toBe(JSON.stringify(event.data));
    expect(taken[0]?.headers).toMatchObject({
      'ce-id': 'e1',
      'ce-subject': 'T%C3%BCr',
      'ce-region': 'eu',
      'content-type': 'application/json',
    });
  });

  it('is sent structured when its data is itself labelled as an event', async () => {
    const { publisher, taken } = await open(undefined, { mode: 'binary' });
    const sent = outgoing({ datacontenttype: 'application/cloudevents+json' });
    expect(await publisher.publish([sent])).toEqual([{ outcome: 'published' }]);
    expect(taken[0]?.body).toBe(sent.body);
  });
});

describe('an answer of', () => {
  it.each([200, 201, 202, 204])('%i is published', async (status) => {
    const { publisher } = await open(() => [status]);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(['published']);
  });

  it.each([404, 408, 409, 429, 500, 502, 503, 504])('%i is tried again', async (status) => {
    const { publisher } = await open(() => [status]);
    const [result] = await publisher.publish([outgoing()]);
    expect(seen(result)).toEqual(['publisher-unavailable', 'again']);
  });

  it.each([
    [400, 'invalid-event'],
    [401, 'not-permitted'],
    [403, 'not-permitted'],
    [410, 'invalid-event'],
    [413, 'limit-exceeded'],
    [415, 'unsupported-media-type'],
  ])('%i is never tried again', async (status, code) => {
    const { publisher } = await open(() => [status]);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual([code, 'never']);
  });

  it('307 is not followed', async () => {
    const elsewhere = await receiver();
    const { publisher } = await open(() => [307, { location: elsewhere.url }]);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(['invalid-option', 'never']);
    expect(elsewhere.taken).toEqual([]);
  });

  it.each([
    ['30', 'wait: 30 s'],
    ['Sun, 06 Nov 2094 08:49:37 GMT', 'wait: until 2094-11-06T08:49:37.000Z'],
    ['<b>', 'wait: some time'],
  ])('503 with "Retry-After: %s" says so', async (header, words) => {
    const { publisher } = await open(() => [503, { 'retry-after': header }]);
    const [result] = await publisher.publish([outgoing()]);
    expect(result?.outcome === 'failed' && result.error.message).toContain(words);
  });

  it('none at all is tried again', async () => {
    const { publisher } = await open(() => 'silence', { timeoutMs: 20 });
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(['timeout', 'again']);
  });
});

describe('connections', () => {
  it('are waited for, without the time of the one who waits running out', async () => {
    const react: Reaction = ({ body }) => (body.includes('"id":"1"') ? 'silence' : [202]);
    const { publisher } = await open(react, { concurrency: 1, timeoutMs: 50 });
    const events = ['1', '2'].map((id) => outgoing({ id, subject: id }));
    expect((await publisher.publish(events)).map(seen)).toEqual([
      ['timeout', 'again'],
      ['published'],
    ]);
  });

  it('are kept, and no more than allowed', async () => {
    const { publisher, taken, connections } = await open(undefined, { concurrency: 3 });
    const events = Array.from({ length: 30 }, (_, i) => outgoing({ id: `${i}`, subject: `${i}` }));
    await publisher.publish(events);
    await publisher.publish(events);
    expect([taken.length, connections()]).toEqual([60, 3]);
  });

  it('that the other side closed meanwhile are replaced', async () => {
    const { publisher, server } = await open();
    await publisher.publish([outgoing()]);
    server.closeAllConnections();
    expect(await publisher.publish([outgoing()])).toEqual([{ outcome: 'published' }]);
  });
});

describe('headers of the caller', () => {
  it('are asked for once a call', async () => {
    let calls = 0;
    const headers = async () => ({ authorization: `Bearer ${(calls += 1)}` });
    const { publisher, taken } = await open(undefined, { headers });
    await publisher.publish([outgoing(), outgoing()]);
    expect(taken.map((got) => got.headers.authorization)).toEqual(['Bearer 1', 'Bearer 1']);
  });

  it('that cannot be had fail the call, to be tried again', async () => {
    const headers = () => Promise.reject(new Error('no token'));
    const { publisher, taken } = await open(undefined, { headers });
    const results = await publisher.publish([outgoing(), outgoing()]);
    expect(results.map(seen)).toEqual([
      ['publisher-unavailable', 'again'],
      ['publisher-unavailable', 'again'],
    ]);
    expect(taken).toEqual([]);
  });
});

describe('over TLS, a sink', () => {
  const serveTls = async (test: SkippableTest) => {
    const openssl = needs(test, commandPath('openssl'), 'openssl, which makes certificates');
    const { key, cert } = certificate(openssl);
    const server = createServer({ key, cert }, (_, response) => {
      response.writeHead(202).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, cert };
  };

  it('trusts the certificates that it is given', async (test) => {
    const { url, cert } = await serveTls(test);
    const publisher = sink({ url, ca: cert });
    onTestFinished(publisher.close);
    expect(await publisher.publish([outgoing()])).toEqual([{ outcome: 'published' }]);
  });

  it('trusts no other', async (test) => {
    const { url } = await serveTls(test);
    const publisher = sink({ url });
    onTestFinished(publisher.close);
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual([
      'publisher-unavailable',
      'again',
    ]);
  });
});

function certificate(openssl: string): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=sink', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync(openssl, ['req', ...kind, ...subject, '-days', '1', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const made = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return made;
}
