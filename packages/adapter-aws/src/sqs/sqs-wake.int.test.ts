import { SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs, type Fauxqs } from '@hearth/emulators/fauxqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { aws } from '../../test/aws.ts';
import { sqsWake, type SqsWakeOptions } from './sqs-wake.ts';

const now = Date.UTC(2030, 0, 1, 12);
let emulator: Fauxqs;
let client: SQSClient;
let queueUrl: string;
let count = 0;

beforeAll(async () => {
  emulator = await startFauxqs();
  client = new SQSClient(aws(emulator.url));
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now });
  count += 1;
  ({ queueUrl } = emulator.createQueue(`wakes-${count}`));
});

afterEach(() => {
  vi.useRealTimers();
});

afterAll(async () => {
  client.destroy();
  await emulator.stop();
});

const open = (options: Partial<SqsWakeOptions> = {}) => sqsWake({ queueUrl, client, ...options });

/** The bodies of the delayed messages with their delays in seconds, as the queue has them. */
function delayed() {
  const { messages } = emulator.inspectQueue(`wakes-${count}`) ?? {};
  return (messages?.delayed ?? []).map(({ body, delayUntil = 0 }) => [
    body,
    Math.round((delayUntil - now) / 1000),
  ]);
}

const message = (at: number) => `{"hearth":"wake","at":${at}}`;

describe('a wake-up', () => {
  it('comes at the full second after its instant, never before it', async () => {
    await open()(now + 60_001);
    expect(delayed()).toEqual([[message(now + 61_000), 61]]);
  });

  it('is one message for all who ask for the same second', async () => {
    const wake = open();
    await Promise.all([wake(now + 60_001), wake(now + 60_900), wake(now + 61_000)]);
    await wake(now + 61_000);
    expect(delayed()).toEqual([[message(now + 61_000), 61]]);
  });

  it('that is over already comes in a second', async () => {
    await open()(now - 5_000);
    expect(delayed()).toEqual([[message(now), 1]]);
  });

  it('close by is asked for again: a message for it may come early to a clock that is behind', async () => {
    const wake = open();
    await wake(now + 2_000);
    await wake(now + 2_000);
    expect(delayed()).toHaveLength(2);
  });

  it('15 minutes ahead is the last that a queue can delay', async () => {
    const later = vi.fn<(at: number) => Promise<void>>(async () => undefined);
    const wake = open({ later });
    await wake(now + 900_000);
    await wake(now + 900_001);
    expect(delayed()).toEqual([[message(now + 900_000), 900]]);
    expect(later.mock.calls).toEqual([[now + 901_000, 120_000]]);
  });

  it('that was asked for later is sent when the time has come', async () => {
    const wake = open({ later: async () => undefined });
    await wake(now + 3_600_000);
    vi.setSystemTime(now + 3_480_000);
    await wake(now + 3_600_000);
    expect(delayed()).toMatchObject([[message(now + 3_600_000), expect.any(Number)]]);
  });

  it('far ahead waits for the sweep where nobody takes it', async () => {
    await open()(now + 3_600_000);
    expect(delayed()).toEqual([]);
  });

  it('that nobody takes rejects, and is asked for again', async () => {
    const wake = open({ client: new SQSClient(aws('http://127.0.0.1:1')) });
    const error = { code: 'publisher-unavailable', retryable: true };
    await expect(wake(now + 60_000)).rejects.toMatchObject(error);
    await expect(wake(now + 60_000)).rejects.toMatchObject(error);
  });
});

it('12 instants at once are two requests', async () => {
  const sent: unknown[] = [];
  const counting = new SQSClient(aws(emulator.url));
  counting.middlewareStack.add(
    (next) => (args) => {
      sent.push(args.input);
      return next(args);
    },
    { step: 'initialize' },
  );
  const wake = open({ client: counting });
  await Promise.all(Array.from({ length: 12 }, (_, i) => wake(now + 10_000 + i * 1_000)));
  counting.destroy();
  expect([sent.length, delayed().length]).toEqual([2, 12]);
});

it.each([[''], ['https://sqs.eu-west-1.amazonaws.com/1/wakes.fifo']])(
  'refuses a queue that cannot wake anybody: "%s"',
  (url) => {
    expect(() => sqsWake({ queueUrl: url })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'queueUrl' }) as Error,
    );
  },
);
