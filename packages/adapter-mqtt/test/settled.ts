import { setTimeout as wait } from 'node:timers/promises';
import { sqliteStore } from '@hearth/store-sqlite';

/** Waits until a file holds nothing that is still to be delivered, or until that has taken too long. */
export async function settled(file: string): Promise<void> {
  const store = sqliteStore({ file });
  for (let patience = 100; patience > 0; patience -= 1) {
    const { keys } = await store.due({ before: Number.MAX_SAFE_INTEGER, limit: 1 });
    if (keys.length === 0) break;
    await wait(50);
  }
  await store.close();
}
