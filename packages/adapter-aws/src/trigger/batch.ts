import { HearthError, type Handled, type Input } from '@hearth/core';
import { mustComeAgain } from './invocation.ts';

/** What Lambda is answered for a batch: what must come again. */
export interface BatchResponse<Id = string> {
  // Not readonly, so that it is what the official types of handlers want.
  readonly batchItemFailures: { itemIdentifier: Id }[];
}

/** Handles the inputs of records and gives those records that must come again, in their order. A record may have several inputs. */
export async function recordsAgain(
  records: readonly unknown[],
  read: (record: unknown) => readonly Input[],
  invoke: (inputs: readonly Input[]) => Promise<readonly Handled[]>,
): Promise<readonly unknown[]> {
  const inputs = records.map(read);
  const handled = await invoke(inputs.flat());
  let at = 0;
  return records.filter((_, index) =>
    mustComeAgain(handled.slice(at, (at += inputs[index]?.length ?? 0))),
  );
}

/**
 * The answer for records that must come again.
 *
 * @throws {HearthError} `invalid-event` for one without an id: it cannot be named, so all of the batch must come again.
 */
export function failuresOf<Id>(ids: readonly (Id | undefined)[]): BatchResponse<Id> {
  const named = ids.filter((id) => id !== undefined);
  if (named.length < ids.length) {
    const message = 'A record without an id must come again, and cannot be named.';
    throw new HearthError('invalid-event', message, { field: 'itemIdentifier', retryable: true });
  }
  return { batchItemFailures: [...new Set(named)].map((itemIdentifier) => ({ itemIdentifier })) };
}

/** The first record of each group, in their order; records without a group are one. */
export function firstOfEach(
  records: readonly unknown[],
  groupOf: (record: unknown) => string | undefined,
): readonly unknown[] {
  const first = new Map<string | undefined, unknown>();
  for (const record of records) {
    const group = groupOf(record);
    if (!first.has(group)) first.set(group, record);
  }
  return [...first.values()];
}
