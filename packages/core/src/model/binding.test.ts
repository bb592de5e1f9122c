import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Draft } from './event.ts';
import { bound, lives, type Lives } from './binding.ts';
import { check } from './schema.ts';

describe('lives', () => {
  it('says which home a device lives in, or none', () => {
    expect(lives('t1', 'h1')).toEqual({
      type: 'hearth.device.bound',
      subject: 't1',
      data: { home: 'h1' },
    });
    expect(lives('t1', null).data).toEqual({ home: null });
  });

  it('may say which device model is meant', () => {
    expect(lives('t1', 'h1', { type: 'com.acme.light' }).data).toEqual({
      home: 'h1',
      model: 'com.acme.light',
    });
  });

  it('is a draft like any other', () => {
    expectTypeOf(lives('t1', 'h1')).toEqualTypeOf<Draft<'hearth.device.bound', Lives>>();
  });
});

describe('what is known of a binding', () => {
  it('is the home and the model, and nothing else', () => {
    const value = { home: 'h1', model: 'm', room: 'kitchen' };
    expect(check(bound.data, value)).toEqual({ value: { home: 'h1', model: 'm' } });
  });

  it.each([
    ['h1', 'home', 'must be the id of a home or null'],
    [{ home: '' }, 'home', 'must be the id of a home or null'],
    [{ home: 'h\n1' }, 'home', 'must be the id of a home or null'],
    [{ home: '\ud800' }, 'home', 'must be the id of a home or null'],
    [{ home: 'h1', model: null }, 'model', 'must be the type of a device model'],
  ])('is not %j', (value, at, message) => {
    expect(check(bound.data, value).issue).toEqual({ at, message });
  });
});
