import { CloudEvent, emitterFor, HTTP, httpTransport, Mode } from 'cloudevents';
import { describe, expect, it, onTestFinished } from 'vitest';
import { app, asked, eventOf, rung } from '../test/door.ts';
import { listening } from '../test/listening.ts';
import { receiver } from '../test/receiver.ts';
import { sink } from './sink.ts';

/** What the SDK's transport gives: the answer's text, and its headers as pairs. */
interface Answer {
  readonly body: string;
  readonly headers: Record<string, string>;
}

describe.each([Mode.BINARY, Mode.STRUCTURED])('the CloudEvents SDK in %s mode', (mode) => {
  const event = new CloudEvent({
    id: 'e1',
    source: 'urn:acme:d1',
    type: rung.type,
    subject: 'd1',
    data: {},
    region: 'eu',
  });

  it('sends events that are understood, and sends one again without a second effect', async () => {
    const { url, rings } = await listening();
    const emit = emitterFor(httpTransport(url), { mode });
    for (let times = 0; times < 2; times += 1) {
      expect(((await emit(event)) as Answer).body).toBe('');
    }
    expect(await rings()).toBe(1);
  });

  it('reads our replies', async () => {
    const { url } = await listening();
    const emit = emitterFor(httpTransport(url), { mode });
    const question = event.cloneWith({ type: asked.type });
    const { body, headers } = (await emit(question, {
      headers: { prefer: 'reply' },
    })) as Answer;
    const reply = HTTP.toEvent({ body, headers }) as CloudEvent<unknown>;
    expect(reply.validate()).toBe(true);
    expect([reply.type, reply.data]).toEqual([`${asked.type}.reply`, { rings: 0 }]);
  });
});

it.each(['binary', 'structured'] as const)(
  'the SDK reads what a sink sends in %s mode',
  async (mode) => {
    const other = await receiver();
    const publisher = sink({ url: other.url, mode });
    onTestFinished(publisher.close);
    const event = {
      specversion: '1.0',
      id: 'e1',
      source: app.source,
      type: 'com.acme.chimed',
      time: '2024-01-01T00:00:00.000Z',
      data: { note: 'ä' },
    } as const;
    await publisher.publish([{ event, body: JSON.stringify(event) }]);
    const { headers, body } = other.taken[0] ?? { headers: {}, body: '' };
    const read = HTTP.toEvent({ headers, body }) as CloudEvent<unknown>;
    expect(read.toJSON()).toMatchObject(event);
  },
);

it('a sink speaks to another app behind knative', async () => {
  const other = await listening();
  const out = sink({ url: other.url });
  onTestFinished(out.close);
  const ring = { ...eventOf(rung.type), specversion: '1.0' } as const;
  expect(await out.publish([{ event: ring, body: JSON.stringify(ring) }])).toEqual([
    { outcome: 'published' },
  ]);
  expect(await other.rings()).toBe(1);
});
