import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '@hearth/store-sqlite';
import { commandPath, needs } from '@hearth/testing/needs';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { collector, type Collector } from '../test/crash/collector.ts';
import { wound, type releases } from '../test/fleet/eggs.ts';
import { worker } from '../test/fleet/fleet.ts';
import { mosquitto } from '../test/mosquitto.ts';
import { settled } from '../test/settled.ts';

const eggs = 30;

/** A kitchen with a broker, a file, and nobody at work yet. */
async function kitchen(test: TestContext) {
  const broker = await mosquitto(needs(test, commandPath('mosquitto'), 'mosquitto, the broker'));
  const folder = mkdtempSync(join(tmpdir(), 'hearth-fleet-'));
  const { url } = broker;
  const file = join(folder, 'eggs.db');
  const heard = await collector(url, 'rang/+');
  const cook = await connectAsync(url, { protocolVersion: 5 });
  onTestFinished(async () => {
    await Promise.all([heard.end(), cook.endAsync()]);
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  let said = 0;
  const wind = (count: number, ms: (index: number) => number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => {
        const [subject, id] = [`e${said % eggs}`, `${(said += 1)}`];
        const source = `/eggs/${subject}`;
        const event = { specversion: '1.0', id, source, ...wound(subject, { ms: ms(index) }) };
        return cook.publishAsync(`egg/${subject}`, JSON.stringify(event), { qos: 1 });
      }),
    );
  const hire = async (clientId: string, release: keyof typeof releases) => {
    const hired = await worker({ url, file, clientId, release });
    onTestFinished(hired.stop);
    return hired;
  };
  return { heard, wind, hire, file };
}

/** Of which winding each ringing was, and how often a ringing came with different texts. */
function ringings({ events }: Collector) {
  const texts = [...events.values()].map((each) => [...each]);
  const reasons = texts.map(([text = '']) => {
    const { data } = JSON.parse(text) as { readonly data: { readonly because: string } };
    return Number(data.because);
  });
  return {
    reasons: reasons.toSorted((a, b) => a - b),
    ambiguous: texts.filter(({ length }) => length > 1),
  };
}

async function stored(file: string) {
  const store = sqliteStore({ file });
  const records = await store.load(Array.from({ length: eggs }, (_, egg) => `egg/e${egg}`));
  const { keys: due } = await store.due({ before: Number.MAX_SAFE_INTEGER, limit: 1 });
  await store.close();
  const states = records.map((record) => {
    const { s } = JSON.parse(record?.body ?? '') as {
      readonly s: Readonly<Record<string, number>>;
    };
    return s;
  });
  return { states, due };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('two workers that share their messages and the file of their store', () => {
  it('lose nothing and double nothing', async (test) => {
    const { heard, wind, hire, file } = await kitchen(test);
    const workers = await Promise.all([hire('worker-a', 'first'), hire('worker-b', 'first')]);
    await wind(1_200, (index) => index % 300);
    expect(await heard.reaches(1_200)).toBe(true);
    await settled(file);
    const stats = await Promise.all(workers.map((one) => one.end()));
    expect(ringings(heard)).toEqual({ reasons: upTo(1_200), ambiguous: [] });
    const { states, due } = await stored(file);
    expect(states).toEqual(states.map(() => ({ times: 1_200 / eggs })));
    expect(due).toEqual([]);
    expect(stats.every(({ done }) => done > 100)).toBe(true);
  });
});

describe('two releases of an app beside each other, while timers are pending', () => {
  it('lose nothing and double nothing until the old one is replaced', async (test) => {
    const { heard, wind, hire, file } = await kitchen(test);
    const old = await hire('worker-a', 'first');
    await wind(300, (index) => 300 + 3 * index);
    const other = await hire('worker-b', 'second');
    await wind(300, (index) => 3 * index);
    expect(await heard.reaches(300)).toBe(true);
    // The new release has touched all of them by now, so the old one leaves alone what it gets.
    await wind(150, (index) => index);
    expect((await old.end()).retry).toBeGreaterThan(0);
    const renewed = await hire('worker-a', 'second');
    await wind(150, (index) => index);
    expect(await heard.reaches(900)).toBe(true);
    await settled(file);
    await Promise.all([other.end(), renewed.end()]);
    expect(ringings(heard)).toEqual({ reasons: upTo(900), ambiguous: [] });
    const { states, due } = await stored(file);
    expect(states).toEqual(states.map(() => ({ rings: 900 / eggs, tone: 'a' })));
    expect(due).toEqual([]);
  });
});
