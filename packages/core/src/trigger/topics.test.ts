import { describe, expect, it } from 'vitest';
import { topicMap } from './topics.ts';

describe('topicMap', () => {
  it('tells a topic that a pattern leaves anonymous from one that no pattern matches', () => {
    const map = topicMap({ status: {} });
    expect(map.at('status')).toMatchObject({ pattern: 'status', params: {}, subject: undefined });
    expect(map.at('other')).toMatchObject({ pattern: undefined, params: {}, subject: undefined });
  });

  it('finds the levels of raw names, whatever signs they have', () => {
    const map = topicMap(
      { 'my clips/{device}/{clip}': {} },
      { spelling: 'raw', principal: 'topic' },
    );
    const name = 'my clips/m=201/first one (2) ü.mp4';
    expect(map.at(name)).toMatchObject({
      params: { device: 'm=201', clip: 'first one (2) ü.mp4' },
    });
    expect(map.at(name).sender()).toEqual({ kind: 'device', id: 'm=201' });
    for (const other of [
      'my=20clips/m1/x',
      'my clips/m1',
      'my clips//x',
      'my clips/m1/\ud800',
      '',
    ]) {
      expect(map.at(other).pattern).toBeUndefined();
    }
    expect(topicMap({ 'clips/{device}/{clip}': {} }).at('clips/m1/a b').pattern).toBeUndefined();
  });

  it('refuses wildcards in patterns of raw names as well', () => {
    expect(() => topicMap({ 'clips/+': {} }, { spelling: 'raw' })).toThrow(
      expect.objectContaining({ code: 'invalid-topic' }) as Error,
    );
  });
});
