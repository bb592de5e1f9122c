import { describe, expect, it } from 'vitest';
import { HearthError } from '../event/error.ts';
import { carefully, recordOf, textOf, uriOf } from './native.ts';

describe('recordOf', () => {
  it.each([undefined, null, 1, 'text', ['a'], () => 1])('takes %s for an empty record', (value) => {
    expect(recordOf(value)).toEqual({});
  });

  it('gives an object as it is', () => {
    const value = { a: 1 };
    expect(recordOf(value)).toBe(value);
  });
});

describe('textOf', () => {
  it('takes a text that is not empty, and nothing else', () => {
    expect(['a', '', 1, null, undefined, ['a']].map(textOf)).toEqual([
      'a',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('uriOf', () => {
  it('encodes what a URI cannot have, half of a character included', () => {
    expect(uriOf('a b/é')).toBe('a%20b/%C3%A9');
    expect(uriOf('a\ud800b')).toBe('a%EF%BF%BDb');
    expect(uriOf('😀')).toBe('%F0%9F%98%80');
  });
});

describe('carefully', () => {
  const bug = () => {
    throw new TypeError('a bug');
  };

  it('rejects what the reading throws for, with what came for its dead letter', () => {
    expect(carefully({ a: 1 }, bug)).toMatchObject([
      { event: { code: 'invalid-event' }, principal: { kind: 'anonymous' }, raw: '{"a":1}' },
    ]);
    expect(carefully('text', bug)).toMatchObject([{ raw: 'text' }]);
    expect(carefully(undefined, bug)).toMatchObject([{ raw: 'null' }]);
  });

  it('says nothing of what cannot be written down', () => {
    const round: Record<string, unknown> = {};
    round['round'] = round;
    expect(carefully(round, bug)).toMatchObject([{ raw: '' }]);
  });

  it('hands on the reason for which something is refused', () => {
    const error = new HearthError('limit-exceeded', 'Too much.');
    const refuse = () => {
      throw error;
    };
    expect(carefully({}, refuse)[0]?.event).toBe(error);
  });
});
