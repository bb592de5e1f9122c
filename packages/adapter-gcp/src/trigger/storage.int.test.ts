import { faultyStore } from '@hearth/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { eventarc } from '../../test/deliveries.ts';
import { app, counted, world } from '../../test/meter.ts';
import { functionAt } from '../../test/one-function.ts';
import { decodeStorage, storage, type StorageDecodeOptions } from './storage.ts';

// As Cloud Storage sends it: https://github.com/googleapis/google-cloudevents, testdata of storage v1.
const stored = {
  kind: 'storage#object',
  id: 'acme-clips/clips/m1/first one.mp4/1587627537231057',
  selfLink: 'https://www.googleapis.com/storage/v1/b/acme-clips/o/clips%2Fm1%2Ffirst%20one.mp4',
  name: 'clips/m1/first one.mp4',
  bucket: 'acme-clips',
  generation: '1587627537231057',
  metageneration: '1',
  contentType: 'video/mp4',
  timeCreated: '2020-04-23T07:38:57.230Z',
  updated: '2020-04-23T07:38:57.230Z',
  storageClass: 'STANDARD',
  size: '352',
  md5Hash: 'fF3sMFjqGTzAW+BUL9q3WA==',
};
const finalized = 'google.cloud.storage.object.v1.finalized';
const source = '//storage.googleapis.com/projects/_/buckets/acme-clips';

const options: StorageDecodeOptions = {
  objects: { 'clips/{device}/{clip}': { type: counted.type, data: () => ({ by: 1 }) } },
  principal: 'topic',
};

const native = (data: unknown, rest: object = {}) => ({
  specversion: '1.0',
  id: 'native',
  source,
  type: finalized,
  time: '2020-04-23T07:38:57.772Z',
  data,
  ...rest,
});

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

describe('storage', () => {
  it('handles an object once, whatever ids its event has, and a new content of it again', async () => {
    const at = world();
    const url = await functionAt({
      cloudEvent: storage(app, { ...at.runtime, ...options }),
    });
    const post = async (data: unknown) =>
      (await fetch(url, { method: 'POST', ...eventarc(finalized, source, data) })).status;
    expect(await post(stored)).toBe(204);
    expect(await post(stored)).toBe(204);
    expect((await at.state()).sum).toBe(1);
    expect(await post({ ...stored, generation: '1587627537231058' })).toBe(204);
    expect((await at.state()).ids).toEqual([
      'acme-clips/clips/m1/first one.mp4/1587627537231057/1/finalized',
      'acme-clips/clips/m1/first one.mp4/1587627537231058/1/finalized',
    ]);
    expect(await post({ ...stored, name: 'elsewhere.mp4' })).toBe(204);
    expect(at.codes()).toEqual(['unsupported-media-type']);
  });

  it('makes an event about the device in the name, with what is known of the object', () => {
    const { data: _, ...rule } = options.objects['clips/{device}/{clip}'] ?? {};
    const [input] = decodeStorage(native(stored), {
      ...options,
      objects: { 'clips/{device}/{clip}': rule },
    });
    expect(input).toEqual({
      principal: { kind: 'device', id: 'm1' },
      event: {
        specversion: '1.0',
        id: 'acme-clips/clips/m1/first one.mp4/1587627537231057/1/finalized',
        source,
        type: counted.type,
        subject: 'm1',
        time: '2020-04-23T07:38:57.772Z',
        datacontenttype: 'application/json',
        data: {
          bucket: 'acme-clips',
          name: 'clips/m1/first one.mp4',
          change: 'finalized',
          generation: '1587627537231057',
          metageneration: '1',
          contentType: 'video/mp4',
          sizeBytes: 352,
        },
      },
    });
  });

  it.each([
    ['null', null],
    ['a text', 'x'],
    ['an event of another service', native(stored, { type: 'google.cloud.audit.log.v1.written' })],
    ['no data', native(undefined)],
    ['data that is a text', native('x')],
    ['no bucket', native({ ...stored, bucket: undefined })],
    ['a name that is a number', native({ ...stored, name: 7 })],
    ['no generation', native({ ...stored, generation: undefined })],
    ['a generation that is none', native({ ...stored, generation: '-1' })],
  ])('rejects %s', (_, event) => {
    expect(decodeStorage(event, options)[0].event).toMatchObject({ code: 'invalid-event' });
  });

  it('brings an object again while the store is down, or buries it if nobody would', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'down');
    const event = native(stored);
    const runtime = { ...at.runtime, store, ...options };
    await expect(storage(app, runtime)(event)).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
      message: '1 of 1 must be delivered again: store-unavailable.',
    });
    expect(at.codes()).toEqual([]);
    await storage(app, { ...runtime, retries: false })(event);
    expect(at.codes()).toEqual(['store-unavailable']);
  });
});
