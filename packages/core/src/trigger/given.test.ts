import { describe, expect, it } from 'vitest';
import { HearthError } from '../event/error.ts';
import type { Principal } from '../ports/principal.ts';
import { givenOf, plainFrom, principalFrom } from './given.ts';

const device: Principal = { kind: 'device', id: 'd1' };

describe('principalFrom', () => {
  it('knows nobody unless told', () => {
    expect(principalFrom(undefined, {})).toEqual({ kind: 'anonymous', id: '' });
  });

  it('takes a principal, or asks a function about the message', () => {
    expect(principalFrom(device, {})).toBe(device);
    expect(principalFrom(({ id }) => ({ kind: 'device', id }), { id: 'd2' })).toEqual({
      kind: 'device',
      id: 'd2',
    });
  });

  it.each([
    ['throws', () => JSON.parse('no JSON') as Principal],
    ['gives nothing', () => undefined as unknown as Principal],
    ['gives a promise', () => Promise.resolve(device) as unknown as Principal],
    ['gives a number for a credential', () => ({ ...device, credential: 7 as unknown as string })],
  ])('refuses the message when the function %s', (_, from) => {
    expect(principalFrom(from, {})).toMatchObject({ code: 'not-permitted', field: 'principal' });
  });

  it('hands on why a function refuses a message', () => {
    const error = new HearthError('not-permitted', 'No.');
    expect(principalFrom(() => error, {})).toBe(error);
    const throwing = () => {
      throw error;
    };
    expect(principalFrom(throwing, {})).toBe(error);
  });
});

describe('plainFrom', () => {
  const known = { source: 'queue:a', subject: 's1' };

  it('completes what the option says by what the trigger knows', () => {
    const plain = { type: 't', subject: 's2' };
    expect(plainFrom(plain, {}, known)).toEqual({ type: 't', source: 'queue:a', subject: 's2' });
    expect(plainFrom(() => ({ type: 't' }), {}, known)).toEqual({ type: 't', ...known });
  });

  it('says nothing where the option says nothing', () => {
    expect(plainFrom(undefined, {}, known)).toBeUndefined();
    expect(plainFrom(() => undefined, {}, known)).toBeUndefined();
  });

  it('refuses the message when the function throws', () => {
    const throwing = () => {
      throw new TypeError('a bug');
    };
    expect(plainFrom(throwing, {}, known)).toMatchObject({ code: 'invalid-event', field: 'plain' });
  });
});

describe('givenOf', () => {
  const known = { source: 'queue:a', time: 7 };
  const plain = { type: 't' };

  it('takes the device that sends a plain payload for what it is about, unless told otherwise', () => {
    expect(givenOf({ principal: device, plain }, {}, known)).toEqual({
      principal: device,
      otherwise: { ...known, type: 't', subject: 'd1' },
    });
    const other = { ...plain, subject: 's2' };
    expect(givenOf({ principal: device, plain: other }, {}, known).otherwise).toMatchObject(other);
  });

  it('takes nobody else for what a payload is about', () => {
    const service: Principal = { kind: 'service', id: 'x' };
    expect(givenOf({ principal: service, plain }, {}, known).otherwise).toMatchObject({
      subject: undefined,
    });
  });
});
