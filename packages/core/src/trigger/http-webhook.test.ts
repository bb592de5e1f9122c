import { describe, expect, it } from 'vitest';
import { webhookHandshake } from './http-webhook.ts';

const shake = webhookHandshake({ origins: ['events.example.com'], maxRatePerMinute: 600 });
const from = (origin: string, rate?: string) =>
  shake({
    'webhook-request-origin': origin,
    ...(rate === undefined ? {} : { 'webhook-request-rate': rate }),
  });

describe('the webhook handshake', () => {
  it('gives consent to an origin that is listed, in any case', () => {
    expect(from('Events.Example.com')).toEqual({
      status: 200,
      headers: {
        allow: 'POST',
        'webhook-allowed-origin': 'Events.Example.com',
        'webhook-allowed-rate': '600',
      },
    });
  });

  it.each(['evil.example.com', 'x.events.example.com', '*', ''])('gives none to %j', (origin) => {
    expect(from(origin)).toEqual({ status: 200, headers: { allow: 'POST' } });
  });

  it.each([
    ['as asked for', '120', '120'],
    ['as the most, if more is asked for', '601', '600'],
    ['as the most, if everything is asked for', '*', '600'],
    ['as the most, if nonsense is asked for', '-1', '600'],
  ])('grants a rate %s', (_, asked, granted) => {
    expect(from('events.example.com', asked).headers?.['webhook-allowed-rate']).toBe(granted);
  });

  it.each([
    [{ origins: [] }, 'webhook.origins'],
    [{ origins: ['*'] }, 'webhook.origins'],
    [{ origins: ['a'], maxRatePerMinute: 0 }, 'webhook.maxRatePerMinute'],
  ])('refuses the option %j', (webhook, field) => {
    expect(() => webhookHandshake(webhook)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }) as Error,
    );
  });
});
