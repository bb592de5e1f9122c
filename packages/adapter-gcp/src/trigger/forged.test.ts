import { defineApp, type Logger } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import {
  cloudEvent,
  decodeCloudEvent,
  decodePubsub,
  decodePubsubEvent,
  decodeStorage,
  http,
  pubsubEvent,
  storage,
} from '../index.ts';

const plain = { type: 'com.acme.counted', subject: 's' };
const push = (rest: object) =>
  JSON.stringify({ message: { messageId: 'm', data: 'e30=' }, ...rest });

it('gives a source to what came by a subscription whose name is none', () => {
  const [{ event }] = decodePubsub(push({ subscription: 'a\ud800 b' }), { plain });
  expect(event).toMatchObject({ source: '//pubsub.googleapis.com/a%EF%BF%BD%20b' });
});

it('refuses a message whose sender a function tells in no way that is one', () => {
  for (const nobody of [() => undefined, async () => ({ kind: 'service', id: 'x' }), () => 7]) {
    const principal = nobody as never;
    for (const [input] of [
      decodePubsub(push({}), { plain, principal }),
      decodePubsubEvent({ data: JSON.parse(push({})) as unknown }, { plain, principal }),
      decodeCloudEvent({ specversion: '1.0' }, { principal }),
    ]) {
      expect(input).toMatchObject({
        event: { code: 'not-permitted', field: 'principal' },
        principal: { kind: 'anonymous' },
      });
    }
  }
});

describe('a trigger by which nobody can prove who speaks', () => {
  const app = defineApp({ source: 'urn:acme:home', parts: [] });
  const optionsWith = (lines: object[]) => {
    const note = (fields: object) => void lines.push(fields);
    const logger: Logger = { debug: note, info: note, warn: note, error: note, fatal: note };
    return { store: memoryStore(), publisher: memoryPublisher(), logger };
  };
  const principal = { kind: 'service', id: 'x' } as const;

  it('says so when it is made', () => {
    const lines: object[] = [];
    const options = optionsWith(lines);
    pubsubEvent(app, options);
    cloudEvent(app, options);
    storage(app, { ...options, objects: {} });
    http(app, options);
    const fields = ['principal', 'principal', 'principal', 'authenticate'];
    expect(lines).toEqual(fields.map((field) => ({ field })));
  });

  it('says nothing where somebody can, or where the app decides who may speak', () => {
    const lines: object[] = [];
    const options = optionsWith(lines);
    pubsubEvent(app, { ...options, principal });
    cloudEvent(app, { ...options, speaksFor: () => true });
    storage(app, { ...options, objects: { '{device}': { type: 't', principal: 'topic' } } });
    http(app, { ...options, authenticate: principal });
    expect(lines).toEqual([]);
  });
});

it('names the bucket of an object in its source, whatever somebody calls it', () => {
  const data = { bucket: 'a b', name: 'clips/a/b', generation: '1' };
  const event = { type: 'google.cloud.storage.object.v1.finalized', data };
  const objects = { 'clips/{device}/{clip}': { type: 'clip' } };
  expect(decodeStorage(event, { objects })).toMatchObject([
    { event: { source: '//storage.googleapis.com/projects/_/buckets/a%20b' } },
  ]);
});
