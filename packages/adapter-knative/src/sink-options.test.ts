import { describe, expect, it } from 'vitest';
import { settingsOf } from './sink-options.ts';

const url = 'http://broker.example.com/ns/default';
const wrong = (field: string, words: RegExp) =>
  expect.objectContaining({
    code: 'invalid-option',
    field,
    message: expect.stringMatching(words) as string,
  }) as Error;

describe('the environment', () => {
  it('says where to send, whom to trust and what to add', () => {
    const environment = {
      K_SINK: url,
      K_CA_CERTS: 'PEM',
      K_CE_OVERRIDES: '{"extensions":{"region":"eu"}}',
    };
    const settings = settingsOf({}, environment);
    expect({ ...settings, url: settings.url.href }).toMatchObject({
      url,
      ca: 'PEM',
      overrides: { region: 'eu' },
    });
  });

  it('gives way to options', () => {
    const environment = { K_SINK: 'http://other/', K_CE_OVERRIDES: '{"extensions":{"a":"b"}}' };
    const settings = settingsOf({ url, overrides: { c: 'd' } }, environment);
    expect([settings.url.href, settings.overrides]).toEqual([url, { c: 'd' }]);
  });

  it.each([undefined, '', '{}', '{"extensions":{}}', '{"extensions":null}'])(
    'may have the overrides %j, which are none',
    (text) => {
      expect(settingsOf({}, { K_SINK: url, K_CE_OVERRIDES: text }).overrides).toBeUndefined();
    },
  );
});

describe('what is wrong is said before anything is sent', () => {
  it.each([
    ['nothing', undefined, /K_SINK/],
    ['an empty text', '', /K_SINK/],
    ['no URL', 'broker', /http or https/],
    ['another kind of URL', 'ftp://broker/', /http or https/],
    ['a file', 'file:///etc/passwd', /http or https/],
    ['credentials', 'http://user:secret@broker/', /no credentials/],
  ])('%s as the sink', (_, text, words) => {
    expect(() => settingsOf({}, { K_SINK: text })).toThrow(wrong('url', words));
  });

  it.each([
    '{',
    '5',
    'null',
    '{"extensions":5}',
    '{"extensions":{"Region":"eu"}}',
    '{"extensions":{"region":5}}',
    '{"extensions":{"id":"1"}}',
    '{"extensions":{"data":"1"}}',
    '{"extensions":{"region":"a\\r\\nb"}}',
    '{"extensions":{"__proto__":"x"}}',
  ])('%s as overrides', (text) => {
    expect(() => settingsOf({}, { K_SINK: url, K_CE_OVERRIDES: text })).toThrow(
      wrong('overrides', /K_CE_OVERRIDES/),
    );
  });

  it.each([{ concurrency: 0 }, { timeoutMs: 1.5 }])('%j', (options) => {
    const [field = ''] = Object.keys(options);
    expect(() => settingsOf({ url, ...options }, {})).toThrow(wrong(field, /positive integer/));
  });
});
