// A process of its own that saves until it is stopped or done, and prints each save once it is acknowledged.
import { sqliteStore } from '../src/index.ts';

const [, , file = '', key = '', count = '0'] = process.argv;
const store = sqliteStore({ file });
for (let done = 0; done < Number(count);) {
  const [record] = await store.load([key]);
  const body = String(Number(record?.body ?? 0) + 1);
  const expected = record?.version ?? null;
  const [result] = await store.save([{ key, expected, body, due: null, tags: {} }]);
  if (result?.outcome !== 'saved') continue;
  process.stdout.write(`${body}\n`);
  done += 1;
}
await store.close();
