import { describe, expect, it } from 'vitest';
import { lineOf, type Point } from './line.ts';

const point = { measurement: 'm', fields: { v: 1 }, time: 1n } as const;

describe('a point in line protocol', () => {
  it.each<[string, Partial<Point>, string]>([
    ['tags in their order', { tags: { b: '2', a: '1' } }, 'm,a=1,b=2 v=1 1'],
    ['no empty tag', { tags: { a: '' } }, 'm v=1 1'],
    [
      'what separates, escaped in the measurement',
      { measurement: 'a, b=c' },
      String.raw`a\,\ b=c v=1 1`,
    ],
    ['and in tags', { tags: { 'k ,=': 'v ,=' } }, String.raw`m,k\ \,\==v\ \,\= v=1 1`],
    ['and in the names of fields', { fields: { 'k ,=': 1 } }, String.raw`m k\ \,\==1 1`],
    [
      'a backslash where it stands for itself',
      { tags: { a: String.raw`C:\x` } },
      String.raw`m,a=C:\x v=1 1`,
    ],
    [
      'texts in quotes',
      { fields: { v: String.raw`say "hi" \ , = ` } },
      String.raw`m v="say \"hi\" \\ , = " 1`,
    ],
    ['texts with line breaks', { fields: { v: 'a\nb' } }, 'm v="a\nb" 1'],
    ['an empty text', { fields: { v: '' } }, 'm v="" 1'],
    ['floats', { fields: { v: 1.5e-7 } }, 'm v=1.5e-7 1'],
    ['integers', { fields: { v: -42n } }, 'm v=-42i 1'],
    ['booleans', { fields: { v: true } }, 'm v=true 1'],
    [
      'several fields, without those that are undefined',
      { fields: { a: 1, b: undefined, c: 2 } },
      'm a=1,c=2 1',
    ],
    ['signs of any language', { tags: { ort: 'Küche 🔥' } }, String.raw`m,ort=Küche\ 🔥 v=1 1`],
    ['milliseconds as nanoseconds', { time: 1_767_225_600_123 }, 'm v=1 1767225600123000000'],
    ['fractions of milliseconds', { time: 1.25 }, 'm v=1 1250000'],
    ['what was before 1970', { time: -0.5 }, 'm v=1 -500000'],
    [
      'a timestamp to its last digit',
      { time: '2026-01-01T01:00:00.123456789+01:00' },
      'm v=1 1767225600123456789',
    ],
    [
      'no more digits than nanoseconds have',
      { time: '2026-01-01T00:00:00.1234567899Z' },
      'm v=1 1767225600123456789',
    ],
    ['a timestamp before 1970', { time: '1969-12-31T23:59:59.9Z' }, 'm v=1 -100000000'],
  ])('has %s', (_, given, line) => {
    expect(lineOf({ ...point, ...given }, undefined)).toBe(line);
  });

  it('is of the time of its event, if it has none', () => {
    const { time: _, ...timeless } = point;
    expect(lineOf(timeless, '2026-01-01T00:00:00Z')).toBe('m v=1 1767225600000000000');
  });

  it.each<[string, Partial<Point>, string]>([
    ['no field', { fields: {} }, 'fields'],
    ['a field that is no number', { fields: { v: Number.NaN } }, 'fields.v'],
    ['a field without end', { fields: { v: Infinity } }, 'fields.v'],
    ['a field that is null', { fields: { v: null as never } }, 'fields.v'],
    ['an integer of more than 64 bits', { fields: { v: 2n ** 63n } }, 'fields.v'],
    ['a line break in a tag', { tags: { a: 'x\ny' } }, 'tags.a'],
    ['a backslash at the end of a tag', { tags: { a: 'x\\' } }, 'tags.a'],
    ['a backslash in front of a comma', { tags: { a: String.raw`x\,y` } }, 'tags.a'],
    ['a tag that is no text', { tags: { a: 1 as never } }, 'tags.a'],
    ['a name that is taken', { fields: { time: 1 } }, 'fields.time'],
    ['no measurement', { measurement: '' }, 'measurement'],
    ['a comment for a measurement', { measurement: '#m' }, 'measurement'],
    ['a time that is none', { time: 'yesterday' }, 'time'],
    ['a time that is no number', { time: Number.NaN }, 'time'],
    ['a time beyond what is kept', { time: 2n ** 63n }, 'time'],
    ['a name of bad signs', { tags: { 'a\nsecret': 'x' } }, 'tags.a?secret'],
  ])('is refused with %s', (_, given, field) => {
    expect(() => lineOf({ ...point, ...given }, undefined)).toThrow(
      expect.objectContaining({ code: 'invalid-data', field, retryable: false }),
    );
  });

  it('is refused without any time', () => {
    const { time: _, ...timeless } = point;
    expect(() => lineOf(timeless, undefined)).toThrow('"time" of a point');
  });
});
