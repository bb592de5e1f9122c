import { defineApp } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { expect, it } from 'vitest';
import { eventHub, serviceBus } from '../index.ts';

const app = defineApp({ source: 'urn:acme', parts: [] });
const place = { connection: 'C', eventHubName: 'h', queueName: 'q' };
const principal = { kind: 'service', id: 'test' } as const;
const options = { ...place, principal, store: memoryStore(), publisher: memoryPublisher() };

it.each([0, -1, 1.5, Number.NaN, Infinity, '5' as never])('refuses %j for a number', (value) => {
  const refused = (field: string) => expect.objectContaining({ code: 'invalid-option', field });
  expect(() => eventHub(app, { ...options, attempts: value })).toThrow(refused('attempts'));
  expect(() => eventHub(app, { ...options, timeoutMs: value })).toThrow(refused('timeoutMs'));
  expect(() => serviceBus(app, { ...options, maxDeliveryCount: value })).toThrow(
    refused('maxDeliveryCount'),
  );
});
