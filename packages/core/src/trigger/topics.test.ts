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

  it('knows no topic with half of a character, which no broker can have', () => {
    const map = topicMap({ 'device/{device}/t': { type: 't' } }, { principal: 'topic' });
    for (const topic of ['device/\ud800/t', '\udfff']) {
      const place = map.at(topic);
      expect(place).toMatchObject({ pattern: undefined, otherwise: { field: 'topic' } });
      expect(place.sender()).toEqual({ kind: 'anonymous', id: '' });
    }
  });

  it('refuses a message whose sender a function tells in no way that is one', () => {
    const nobody = () => undefined as never;
    const map = topicMap({ 'device/{device}/t': { type: 't' } }, { principal: nobody });
    expect(map.at('device/a/t').sender()).toMatchObject({
      code: 'not-permitted',
      field: 'principal',
    });
  });

  it('remembers no topic that somebody has made long', () => {
    const map = topicMap({ 'device/{device}/{name}': { type: 't' } });
    const [short, long] = ['device/a/t', `device/a/${'t'.repeat(600)}`];
    expect(map.at(short)).toBe(map.at(short));
    expect(map.at(long)).not.toBe(map.at(long));
    expect(map.at(long)).toMatchObject({ subject: 'a' });
  });
});
