import { describe, expect, it } from 'vitest';
import { topicMap } from './topics.ts';

describe('topicMap', () => {
  it('tells a topic that a pattern leaves anonymous from one that no pattern matches', () => {
    const map = topicMap({ status: {} });
    expect(map.at('status')).toMatchObject({ pattern: 'status', params: {}, subject: undefined });
    expect(map.at('other')).toMatchObject({ pattern: undefined, params: {}, subject: undefined });
  });
});
