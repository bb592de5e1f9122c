import { expect, it } from 'vitest';
import { publishError } from './publish-result.ts';

it.each([
  [135, 'not-permitted', false],
  [144, 'invalid-topic', false],
  [149, 'limit-exceeded', false],
  [153, 'invalid-data', false],
  [128, 'publisher-unavailable', true],
  [151, 'publisher-unavailable', true],
  ['ECONNRESET', 'publisher-unavailable', true],
  [undefined, 'publisher-unavailable', true],
])('takes the answer %s for %s, to be tried again: %s', (code, known, retryable) => {
  const error = Object.assign(new Error('x'), code === undefined ? {} : { code });
  expect(publishError(error, 'device/t1/desired')).toMatchObject({ code: known, retryable });
});
