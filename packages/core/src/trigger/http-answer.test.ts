import { expect, it } from 'vitest';
import { httpAnswer } from './http-answer.ts';

it.each([
  ['not-permitted', 403],
  ['jammed', 422],
  ['constructor', 422],
  ['__proto__', 422],
  [undefined, 422],
])('refuses with a status, whatever code a step rejects with: %s', (code, status) => {
  const rejected = { verdict: 'rejected', ...(code === undefined ? {} : { code }) } as const;
  expect(httpAnswer([rejected], { rejected: 'refuse' })).toEqual({ status });
});
