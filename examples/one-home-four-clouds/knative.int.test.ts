import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@hearth/emulators/child-server';
import { postgresNeeds, startPostgres, type RunningPostgres } from '@hearth/emulators/postgres';
import { postgresDeadLetters, type PostgresDeadLetters } from '@hearth/store-postgres';
import { needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { buildFor, type Built } from './build.ts';
import { bound, cloudEvent, occupancy } from './test/cloud-event.ts';
import { answers, program, type Program } from './test/program.ts';
import { recorder } from './test/recorder.ts';
import { misstated } from './test/stated-sizes.ts';

const dist = mkdtempSync(join(tmpdir(), 'hearth-knative-'));
const programs: Program[] = [];
let built: readonly Built[];
let database: RunningPostgres | undefined;
let letters: PostgresDeadLetters;
let sink: Awaited<ReturnType<typeof recorder>>;

// Compilers and emulators start slowly on a busy machine.
const patienceMs = 120_000;

beforeAll(async () => {
  [database, sink, built] = await Promise.all([
    startPostgres(),
    recorder(() => ({ status: 202 })),
    buildFor(['knative'], dist),
  ]);
  const { url } = database ?? { url: '' };
  letters = postgresDeadLetters({ connectionString: () => url });
}, patienceMs);

afterAll(async () => {
  await Promise.all(programs.map((one) => one.stop()));
  await letters.close();
  await Promise.all([database?.stop(), sink.stop()]);
  rmSync(dist, { recursive: true, force: true });
});

async function start(test: TestContext, file: string) {
  const { url } = needs(test, database, postgresNeeds);
  const port = await freePort();
  const env = {
    PORT: String(port),
    K_SINK: sink.url,
    DATABASE_URL: url,
    BROKER_TOKEN: 'of-the-broker',
    LOG_LEVEL: 'warn',
  };
  const at = `http://127.0.0.1:${port}`;
  const health = `${at}/health/readiness`;
  programs.push(await program(join(dist, 'knative', file), env, () => answers(health)));
  return async (body: string, query = '?access_token=of-the-broker') => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    return (await fetch(`${at}/${query}`, { method: 'POST', headers, body })).status;
  };
}

describe('one home on Knative', () => {
  it('is one file of the size that the README states', () => {
    expect(misstated(built)).toEqual([]);
  });

  it('takes a reading from the broker, and sends it the wish', async (test) => {
    const send = await start(test, 'home.mjs');
    expect(await send(bound('t1', 'h1'), '')).toBe(401);
    expect(await send(bound('t1', 'h1'))).toBe(202);
    expect(await send(occupancy('h1', 0))).toBe(202);
    expect(await send(cloudEvent('com.acme.thermostat.temperature', 't1', { celsius: 14 }))).toBe(
      202,
    );
    expect(sink.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      expect.objectContaining({
        type: 'com.acme.thermostat.desired',
        subject: 't1',
        data: { desired: { occupiedHeatingSetpoint: 18 }, desiredRev: 1 },
      }),
    ]);
  });

  it('files what the broker has given up, with what the broker says of it', async (test) => {
    const send = await start(test, 'dead-letters.mjs');
    const given = { ...(JSON.parse(occupancy('h1', 1)) as object), knativeerrorcode: 503 };
    expect(await send(JSON.stringify(given))).toBe(202);
    const { letters: filed } = await letters.list({ limit: 10 });
    expect(filed.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      expect.objectContaining({
        data: expect.objectContaining({
          code: 'given-up',
          data: 503,
          event: expect.objectContaining({
            type: 'com.acme.home.occupancy',
            knativeerrorcode: 503,
          }) as unknown,
        }) as unknown,
      }),
    ]);
  });

  it('ends in an orderly way when it is asked to', async (test) => {
    needs(test, database, postgresNeeds);
    expect(await Promise.all(programs.map((one) => one.stop()))).toEqual([0, 0]);
  });
});
