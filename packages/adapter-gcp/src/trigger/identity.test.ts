import { isHearthError } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import { pushed, subscription } from '../../test/deliveries.ts';
import { app, reading, world } from '../../test/meter.ts';
import { bridgedDevice } from './bridged-device.ts';
import { cloudEvent } from './cloud-event.ts';
import { decodePubsub } from './pubsub.ts';
import { pubsubEvent, decodePubsubEvent } from './pubsub-event.ts';

const principal = bridgedDevice({ attribute: 'device', subscription });

/** A push of the bridge: what `device` sent, over its own connection. */
const from = (device: string | undefined, event = reading('1'), rest: object = {}) => {
  const { message } = pushed({ principal: { kind: 'device', id: '' }, event });
  const { speaker: _, ...attributes } = message.attributes;
  const named = device === undefined ? attributes : { ...attributes, device };
  return { message: { ...message, attributes: named }, subscription, ...rest };
};

const event = (data: unknown) => ({
  specversion: '1.0',
  id: '1',
  type: 'google.cloud.pubsub.topic.v1.messagePublished',
  source: '//pubsub.googleapis.com/projects/acme/topics/readings',
  data,
});

describe('bridgedDevice', () => {
  it('takes the device from the attribute that the bridge sets', async () => {
    const at = world();
    const handler = pubsubEvent(app, { ...at.runtime, principal });
    await handler(event(from('m1')));
    expect((await at.state('m1')).sum).toBe(1);
  });

  it('lets no device speak for another, whatever it writes', async () => {
    const at = world();
    const handler = pubsubEvent(app, { ...at.runtime, principal });
    const lies = { device: 'm2', principal: 'm2', authid: 'm2', source: 'urn:acme:meter:m2' };
    await handler(event(from('m1', reading('1', 1, 'm2', lies))));
    await handler(event(from('m1', reading('2', 1, 'm2', { deviceid: 'm2' }))));
    expect((await at.state('m2')).sum).toBe(0);
    expect(at.codes()).toEqual(['not-permitted', 'not-permitted']);
    const alarms = at.publisher.published.map(({ event: { type } }) => type);
    expect(alarms).toEqual(['hearth.security.denied', 'hearth.security.denied']);
  });

  it('takes nobody for a device whom the bridge has not named', async () => {
    const at = world();
    const handler = pubsubEvent(app, { ...at.runtime, principal });
    await handler(event(from(undefined)));
    await handler(event(from('', reading('2'))));
    expect((await at.state('m1')).sum).toBe(0);
    expect(at.codes()).toEqual(['not-permitted', 'not-permitted']);
  });

  it.each([undefined, '', 'projects/acme/subscriptions/other'])(
    'refuses what came by the subscription %s, where anybody may have published it',
    (other) => {
      const [input] = decodePubsub(
        JSON.stringify(from('m1', reading('1'), { subscription: other })),
        {
          principal,
        },
      );
      expect(input.event).toMatchObject({ code: 'not-permitted', field: 'subscription' });
      expect(input.principal.kind).toBe('anonymous');
    },
  );

  it.each(['ce-device', 'ce-subject', 'content-type', 'traceparent', '', 'up-device', 'nick'])(
    'is not made of "%s", which a device sets itself',
    (attribute) => {
      const copied = ['up-*', 'nick'];
      expect(() => bridgedDevice({ attribute, subscription, copied })).toThrow(
        expect.objectContaining({ code: 'invalid-option', field: 'attribute' }) as Error,
      );
    },
  );

  it.each(['readings', 'projects/acme/topics/readings', ''])('refuses "%s"', (wrong) => {
    expect(() => bridgedDevice({ attribute: 'device', subscription: wrong })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'subscription' }) as Error,
    );
  });

  it('takes no inherited property for an attribute', () => {
    const odd = bridgedDevice({ attribute: 'constructor', subscription });
    const delivery = { messageId: '1', subscription, attributes: {}, data: undefined };
    expect(odd(delivery)).toMatchObject({ kind: 'anonymous' });
  });
});

describe('a message of Pub/Sub', () => {
  const decode = (message: object, options = {}) =>
    decodePubsub(
      JSON.stringify({ message: { messageId: 'm', ...message }, subscription }),
      options,
    )[0];
  const data = (value: string) => Buffer.from(value).toString('base64');

  it('without a CloudEvent is what "plain" says, about the device that sent it', () => {
    const plain = { type: 'com.acme.counted' };
    const message = {
      data: data('{"by":2}'),
      attributes: { device: 'm1' },
      publishTime: '2024-01-01T00:00:00.120Z',
    };
    expect(decode(message, { plain, principal })).toMatchObject({
      principal: { kind: 'device', id: 'm1' },
      event: {
        id: 'm',
        type: 'com.acme.counted',
        source: '//pubsub.googleapis.com/projects/acme/subscriptions/readings',
        subject: 'm1',
        time: '2024-01-01T00:00:00.120Z',
        data: { by: 2 },
      },
    });
    expect(decode(message, { plain: () => undefined }).event).toMatchObject({
      code: 'unsupported-media-type',
    });
  });

  it('may have attributes alone, no attributes, other names, and the other base64', () => {
    const attributes = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
    expect(decode({ attributes }).event).toEqual({
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: 't',
    });
    const plain = { type: 't', contentType: 'application/octet-stream' };
    expect(decode({ data: '-_-_' }, { plain }).event).toMatchObject({ data_base64: '+/+/' });
    const snake = JSON.stringify({
      message: { message_id: 'n', publish_time: '2024-01-01T00:00:00Z' },
    });
    expect(decodePubsub(snake, { plain })[0].event).toMatchObject({
      id: 'n',
      time: '2024-01-01T00:00:00Z',
    });
  });

  it('tells its attempt, and the last one where that is known', () => {
    const body = (deliveryAttempt: unknown) =>
      JSON.stringify({ message: { messageId: 'm' }, subscription, deliveryAttempt });
    expect(decodePubsub(body(3))[0]).toMatchObject({ attempt: 3 });
    expect(decodePubsub(body(4), { maxDeliveryAttempts: 5 })[0]).toMatchObject({
      lastAttempt: false,
    });
    expect(decodePubsub(body(5), { maxDeliveryAttempts: 5 })[0]).toMatchObject({
      lastAttempt: true,
    });
    for (const odd of [undefined, 0, '3', -1, 1.5, null]) {
      expect(decodePubsub(body(odd))[0]).not.toHaveProperty('attempt');
    }
  });

  it('continues the trace of its attributes, else that of the request', () => {
    const [one, two] = ['1', '2'].map((n) => `00-${n.repeat(32)}-${n.repeat(16)}-01`);
    const body = (attributes: object) =>
      JSON.stringify({ message: { messageId: 'm', attributes }, subscription });
    const around = { traceparent: two };
    expect(decodePubsub(body({ traceparent: one }), {}, around)[0].traceparent).toBe(one);
    expect(decodePubsub(body({ googclient_traceparent: one }), {}, around)[0].traceparent).toBe(
      one,
    );
    expect(decodePubsub(body({}), {}, around)[0].traceparent).toBe(two);
  });

  it('is read whatever an option throws', () => {
    const throws = () => {
      throw new Error('secret');
    };
    const body = event({ message: { messageId: 'm', data: data('x') }, subscription });
    expect(decodePubsubEvent(body, { principal: throws })[0].event).toMatchObject({
      code: 'not-permitted',
    });
    expect(decodePubsubEvent(body, { plain: throws })[0].event).toMatchObject({
      code: 'invalid-event',
      field: 'plain',
    });
    const cyclic: Record<string, unknown> = {};
    cyclic['data'] = cyclic;
    for (const odd of [undefined, null, 'x', 7, [], cyclic]) {
      expect(isHearthError(decodePubsubEvent(odd)[0].event)).toBe(true);
    }
  });
});

describe('cloudEvent', () => {
  it('handles each event of a batch, and buries what is none', async () => {
    const at = world();
    const handler = cloudEvent(app, { ...at.runtime, principal: { kind: 'service', id: 's' } });
    const batch = [reading('1'), { specversion: '1.0' }, reading('2')];
    await handler(Buffer.from(`\n${JSON.stringify(batch)}`));
    expect((await at.state()).ids).toEqual(['1', '2']);
    expect(at.letters()).toMatchObject([{ raw: '{"specversion":"1.0"}' }]);
    await handler(Buffer.from('[1'));
    expect(at.codes()).toEqual(['invalid-event', 'invalid-event']);
  });

  it('knows nobody unless it is told who can call', async () => {
    const at = world();
    await cloudEvent(app, at.runtime)({ ...reading('1') });
    expect(at.codes()).toEqual(['not-permitted']);
  });
});
