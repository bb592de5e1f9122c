import { once } from 'node:events';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eventOf, rung } from '../test/door.ts';
import { listening, raw } from '../test/listening.ts';

const structured = 'application/cloudevents+json';
const head = 'POST / HTTP/1.1\r\nHost: h\r\n';
const binary = `${head}ce-specversion: 1.0\r\nce-source: /s\r\nce-type: ${rung.type}\r\nContent-Type: application/json\r\n`;

/** A request in binary mode, with the given lines among its headers. */
const binaryWith = (lines: string) =>
  `${binary}${lines}Content-Length: 2\r\nConnection: close\r\n\r\n{}`;

const statusOf = (answer: string) => Number(answer.split(' ', 2)[1]);

describe('a body that is no event is answered with', () => {
  it.each([
    ['400, empty', ''],
    ['400, no JSON', '{"specversion":'],
    ['400, no object', '[]'],
    ['400, null', 'null'],
    ['400, a number', '5'],
    ['400, without an id', JSON.stringify(eventOf(rung.type, { id: undefined }))],
    ['400, with an id that is a number', JSON.stringify(eventOf(rung.type, { id: 1 }))],
    ['400, of another version', JSON.stringify(eventOf(rung.type, { specversion: '0.3' }))],
    ['400, with a time that is none', JSON.stringify(eventOf(rung.type, { time: 'now' }))],
    ['400, with a line break', JSON.stringify(eventOf(rung.type, { subject: 'a\r\nX-Admin: 1' }))],
    [
      '400, with a prototype',
      '{"specversion":"1.0","id":"1","source":"/s","type":"t","__proto__":{}}',
    ],
    [
      '400, with too much depth',
      JSON.stringify(eventOf(rung.type)).replace('{}', '['.repeat(65) + ']'.repeat(65)),
    ],
    ['400, no UTF-8', Buffer.from([0x7b, 0xc0, 0xa0])],
  ])('%s', async (_, body) => {
    const { url, deadLetters } = await listening();
    const headers = { 'content-type': structured };
    const answer = await fetch(url, { method: 'POST', headers, body });
    expect([answer.status, await answer.text()]).toEqual([400, '']);
    // Who sent it has been told; a stranger must not be able to fill the dead letters.
    expect(deadLetters.published).toEqual([]);
  });

  it.each([
    ['415, of another kind', 'application/json'],
    ['415, in Avro', 'application/cloudevents+avro'],
    ['415, of nearly the right kind', 'application/cloudeventsX+json'],
    ['415, in another character set', `${structured}; charset=utf-16`],
    ['415, of no kind at all', ''],
  ])('%s', async (_, type) => {
    const { url } = await listening();
    const headers = { 'content-type': type };
    const answer = await fetch(url, { method: 'POST', headers, body: '{}' });
    expect([answer.status, await answer.text()]).toEqual([415, '']);
  });

  it('400, an object as a batch', async () => {
    const { send } = await listening({ batch: true });
    const answer = await send({}, { 'content-type': 'application/cloudevents-batch+json' });
    expect(answer.status).toBe(400);
  });
});

it.each(['application/cloudevents+json', 'Application/CloudEvents+JSON;charset="UTF-8"'])(
  'takes %s',
  async (type) => {
    const { send } = await listening();
    expect((await send(eventOf(rung.type), { 'content-type': type })).status).toBe(202);
  },
);

describe('a method that is not POST is answered with 405', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('%s', async (method) => {
    const { url } = await listening();
    const answer = await fetch(url, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('an attribute in a header', () => {
  it.each([
    ['is percent-decoded once', '100%25', '100%'],
    ['is not decoded twice', '%2525', '%25'],
    ['may be quoted', '"a \\"b\\""', 'a "b"'],
    ['may be UTF-8', 'T%C3%BCr', 'Tür'],
  ])('%s', async (_, value, subject) => {
    const { port, rings } = await listening();
    const answer = await raw(port, binaryWith(`ce-id: 1\r\nce-subject: ${value}\r\n`));
    expect([statusOf(answer), await rings(subject)]).toEqual([202, 1]);
  });

  it.each([
    ['is no UTF-8', 'ce-id: 1\r\nce-subject: %C0%A0\r\n'],
    ['hides a line break', 'ce-id: 1\r\nce-subject: a%0D%0Ab\r\n'],
    ['comes twice', 'ce-id: 1\r\nCE-ID: 2\r\nce-subject: d1\r\n'],
    ['has a forbidden name', 'ce-id: 1\r\nce-subject: d1\r\nce-__proto__: x\r\n'],
    ['is missing', 'ce-subject: d1\r\n'],
    ['is empty', 'ce-id:\r\nce-subject: d1\r\n'],
    [
      'is one of too many',
      `ce-id: 1\r\n${Array.from({ length: 64 }, (_, i) => `ce-x${i}: 1\r\n`).join('')}`,
    ],
  ])('is answered with 400 if it %s', async (_, lines) => {
    const { port } = await listening();
    expect(statusOf(await raw(port, binaryWith(lines)))).toBe(400);
  });
});

describe('a request that is too large', () => {
  const limits = { maxBytes: 1000 };
  const event = (bytes: number) => {
    const text = JSON.stringify(eventOf(rung.type, { note: '' }));
    return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
  };

  it('is refused one byte beyond the limit, and taken at the limit', async () => {
    const { send } = await listening({ limits });
    expect((await send(event(1000))).status).toBe(202);
    expect((await send(event(1001))).status).toBe(413);
  });

  it('is refused before its body comes, if it says so', async () => {
    const { port } = await listening({ limits });
    const socket = connect(port, '127.0.0.1');
    socket.write(`${head}Content-Type: ${structured}\r\nContent-Length: 1001\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(statusOf(answer.toString())).toBe(413);
  });

  it('is refused as soon as it is too long, if it does not say so, and cut if it goes on', async () => {
    const { port } = await listening({ limits });
    const socket = connect(port, '127.0.0.1');
    const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
    socket.write(`${head}Content-Type: ${structured}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write(chunk);
    socket.write(chunk);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(statusOf(answer.toString())).toBe(413);
    socket.on('error', () => undefined);
    for (let more = 0; more < 3; more += 1) socket.write(chunk);
    await once(socket, 'close');
  });

  it('lets the same connection be used again when the sender comes to an end', async () => {
    const { port } = await listening({ limits });
    const large = event(1500);
    const small = event(500);
    const post = (body: string, more = '') =>
      `${head}Content-Type: ${structured}\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
    const answers = await raw(port, post(large) + post(small, 'Connection: close\r\n'));
    expect([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '413',
      '202',
    ]);
  });

  it('is refused with 431 if it has 10,000 headers', async () => {
    const { port } = await listening();
    const lines = 'a:\r\n'.repeat(10_000);
    expect(statusOf(await raw(port, `${head}${lines}\r\n`))).toBe(431);
  });
});

describe('a length that lies', () => {
  it('too short leaves the rest to be refused as the next request', async () => {
    const { port, rings } = await listening();
    const body = JSON.stringify(eventOf(rung.type));
    const sent = `${head}Content-Type: ${structured}\r\nContent-Length: ${body.length}\r\n\r\n${body}garbage\r\n\r\n`;
    const answers = await raw(port, sent);
    expect([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toContain('400');
    expect(await rings()).toBeLessThanOrEqual(1);
  });

  it('too long has no effect when the sender goes away', async () => {
    const { port, rings, send } = await listening();
    const body = JSON.stringify(eventOf(rung.type));
    await raw(
      port,
      `${head}Content-Type: ${structured}\r\nContent-Length: 9999\r\n\r\n${body}`,
      true,
    );
    expect(await rings()).toBe(0);
    expect((await send(eventOf(rung.type, { id: '2' }))).status).toBe(202);
  });

  it('beside chunks is refused, because two readers could see two requests', async () => {
    const { port } = await listening();
    const sent = `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect(statusOf(await raw(port, sent))).toBe(400);
  });
});

it('forgets an upload that is aborted in the middle', async () => {
  const { port, rings, server, send } = await listening({ maxRequests: 1 });
  const socket = connect(port, '127.0.0.1');
  socket.write(`${head}Content-Type: ${structured}\r\nContent-Length: 100\r\n\r\n{"spec`);
  const [, response] = (await once(server, 'request')) as [unknown, NodeJS.EventEmitter];
  socket.resetAndDestroy();
  await once(response, 'close');
  // Its place is free again.
  expect((await send(eventOf(rung.type))).status).toBe(202);
  expect(await rings()).toBe(1);
});

describe('a compressed body', () => {
  const text = JSON.stringify(eventOf(rung.type));
  const ways = [
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
  ] as const;
  const post = (url: string, encoding: string, body: Uint8Array<ArrayBuffer>) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': structured, 'content-encoding': encoding },
      body,
    });

  it.each(ways)('in %s is refused unless asked for', async (encoding, body) => {
    const { url } = await listening();
    expect((await post(url, encoding, body)).status).toBe(415);
  });

  it.each(ways)('in %s is read if asked for', async (encoding, body) => {
    const { url, rings } = await listening({ compressed: true });
    expect([(await post(url, encoding, body)).status, await rings()]).toEqual([202, 1]);
  });

  it('is refused with 413 if it becomes larger than the limit', async () => {
    const { url } = await listening({ compressed: true, limits: { maxBytes: 1000 } });
    const bomb = gzipSync(' '.repeat(100_000));
    expect((await post(url, 'gzip', bomb)).status).toBe(413);
  });

  it('is refused with 400 if it is not what it says, with 415 if nobody knows what it is', async () => {
    const { url } = await listening({ compressed: true });
    expect((await post(url, 'gzip', Buffer.from(text))).status).toBe(400);
    expect((await post(url, 'constructor', Buffer.from(text))).status).toBe(415);
  });
});

it('never logs what a refused request said', async () => {
  const { send, url, lines } = await listening();
  await send('{"secret":"s3cr3t');
  await send(eventOf(rung.type, { id: 's3cr3t\n' }));
  await fetch(`${url}/?access_token=s3cr3t`, { method: 'POST' });
  expect(lines.filter(({ level }) => level === 'info')).toHaveLength(3);
  expect(JSON.stringify(lines)).not.toContain('s3cr3t');
});
