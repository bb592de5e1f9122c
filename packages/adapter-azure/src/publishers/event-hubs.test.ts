import { expect, it } from 'vitest';
import { eventHubsPublisher } from './event-hubs.ts';

it('takes no other event with one that cannot be written', async () => {
  const sent: unknown[] = [];
  const client = {
    createBatch: async () => ({ tryAdd: () => true }),
    sendBatch: async (batch: unknown) => void sent.push(batch),
    close: async () => undefined,
  };
  const { publish } = eventHubsPublisher({ eventHub: 'h', client, mode: 'binary' });
  const outgoing = (id: string, subject: string) => {
    const event = { specversion: '1.0', id, source: '/s', type: 't', subject, data: {} } as const;
    return { event, body: JSON.stringify(event) };
  };
  expect(await publish([outgoing('\ud800', 'a'), outgoing('1', 'b')])).toMatchObject([
    { outcome: 'failed', error: { code: 'invalid-event', retryable: false } },
    { outcome: 'published' },
  ]);
  expect(sent).toHaveLength(1);
});
