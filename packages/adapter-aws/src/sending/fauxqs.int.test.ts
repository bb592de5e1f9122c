import { startFauxqs, type Fauxqs } from '@hearth/emulators/fauxqs';
import { publisherCases, unmetNeed } from '@hearth/testing/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishers, type Publishers } from '../../test/publishers.ts';

let emulator: Fauxqs;
let made: Publishers;

beforeAll(async () => {
  emulator = await startFauxqs();
  made = publishers(emulator.url);
});

afterAll(async () => {
  await made.stop();
  await emulator.stop();
});

describe.each([
  ['a standard queue', 'ordered', () => made.sqs('standard')],
  ['a FIFO queue', undefined, () => made.sqs('fifo')],
  ['a standard topic', 'ordered', () => made.sns('standard')],
  ['a FIFO topic', undefined, () => made.sns('fifo')],
] as const)('%s of fauxqs', (_, unmet, open) => {
  it.each(publisherCases)('$name', async (each) => {
    const harness = await open();
    const need = unmetNeed(each, harness);
    if (need === undefined) return each.run(harness);
    // Only order may be missing, where the service keeps none.
    expect(need).toBe(unmet);
  });
});
