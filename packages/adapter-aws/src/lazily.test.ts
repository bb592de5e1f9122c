import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lazily } from './lazily.ts';

it('opens once, on first use', async () => {
  let count = 0;
  const open = lazily('sdk', 'store-unavailable', async () => (count += 1));
  expect(count).toBe(0);
  expect(await Promise.all([open(), open()])).toEqual([1, 1]);
});

it('tries again what could not be opened, and says what to install', async () => {
  const missing = Object.assign(new Error('No.'), { code: 'ERR_MODULE_NOT_FOUND' });
  const open = lazily('@aws-sdk/client-x', 'store-unavailable', () => Promise.reject(missing));
  const error = { code: 'store-unavailable', message: expect.stringContaining('npm install') };
  await expect(open()).rejects.toMatchObject(error);
  await expect(open()).rejects.toMatchObject(error);
});

it('no module loads an SDK when it is imported', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const loading = files.filter(
    (file) =>
      /(?<!\.test)\.ts$/.test(file) &&
      /^import (?!type )[^;]*'@aws-sdk/m.test(
        readFileSync(join(import.meta.dirname, file), 'utf8'),
      ),
  );
  expect(loading).toEqual([]);
});
