import { describe, expect, it } from 'vitest';
import { memoryPublisher } from './memory-publisher.ts';
import { route } from './route.ts';

const event = (type: string) =>
  ({ specversion: '1.0', id: type, source: 'urn:app', type, subject: 's', data: null }) as const;
const outgoing = (type: string) => ({ event: event(type), body: JSON.stringify(event(type)) });

describe('a route', () => {
  const [near, far] = [memoryPublisher(), memoryPublisher()];
  const routed = route({ set: near, ring: near, noise: null, default: far });

  it('gives each event to the publisher of its type, and answers in their order', async () => {
    const results = await routed.publish(['set', 'other', 'noise', 'ring'].map(outgoing));
    expect(results).toEqual(Array.from({ length: 4 }, () => ({ outcome: 'published' })));
    expect(near.published.map(({ event: { type } }) => type)).toEqual(['set', 'ring']);
    expect(far.published.map(({ event: { type } }) => type)).toEqual(['other']);
  });

  it('names one destination for each publisher, so that order is kept where it matters', () => {
    const [set, ring, other, noise] = ['set', 'ring', 'other', 'noise'].map((type) =>
      routed.destination?.(event(type)),
    );
    expect(set).toBe(ring);
    expect(new Set([set, other, noise]).size).toBe(3);
  });

  it('keeps the destinations of a route within a route apart', () => {
    const nested = route({ default: routed });
    const [set, other] = ['set', 'other'].map((type) => nested.destination?.(event(type)));
    expect(set).not.toBe(other);
  });

  it('keeps order only if every publisher does', () => {
    expect(routed.ordered).toBe(true);
    expect(route({ set: { publish: near.publish }, default: far }).ordered).toBe(false);
  });

  it('fails only the events of a publisher that throws', async () => {
    const broken = route({ set: { publish: () => Promise.reject(new Error('no')) }, default: far });
    const results = await broken.publish(['set', 'other'].map(outgoing));
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'published']);
  });
});
