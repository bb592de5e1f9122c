import { postgresNeeds, startPostgres, type RunningPostgres } from '@hearth/emulators/postgres';
import { postgresDeadLetters, postgresStore } from '@hearth/store-postgres';
import { needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hearth } from '../test/run-hearth.ts';

let server: RunningPostgres | undefined;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server?.stop());

describe('a store in PostgreSQL', () => {
  it('is looked through by its URL', async (context) => {
    const { url } = needs(context, server, postgresNeeds);
    const store = postgresStore({ connectionString: () => url, schema: 'a home' });
    const body = JSON.stringify({ f: 1, v: 1, s: { celsius: 14 }, at: 0 });
    await store.save([{ key: 'lamp/l1', expected: null, body, due: null, tags: {} }]);
    const event = { specversion: '1.0', id: 'd1', source: 'urn:a', type: 'rejected' } as const;
    await postgresDeadLetters(store).publish([{ event, body: JSON.stringify(event) }]);
    await store.close();
    const where = ['--store', `${url}?schema=a+home`];
    expect((await hearth('inspect', ...where)).stdout).toBe('lamp/l1\n');
    expect((await hearth('inspect', 'lamp/l1', ...where)).stdout).toMatch(/celsius +14/);
    expect((await hearth('dead-letters', 'list', ...where)).stdout).toContain('d1');
  });

  it('is not made by a tool that looks', async (context) => {
    const { url } = needs(context, server, postgresNeeds);
    const { code, stderr } = await hearth('inspect', '--store', `${url}?schema=slip`);
    expect(code).toBe(1);
    expect(stderr).toContain('"slip" has tables of version 0');
  });

  it('is not shown with its password when the URL is none', async () => {
    const { code, stderr } = await hearth('inspect', '--store', 'postgresql://me:secret@ho st/db');
    expect(code).toBe(2);
    expect(stderr).toContain('--store');
    expect(stderr).not.toContain('secret');
  });
});
