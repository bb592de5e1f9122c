import { byteLength, memoryStore } from '@hearth/core/ports';
import { simulation } from '@hearth/core/simulate';
import { bars } from './catalogue.ts';
import type { Figures } from './figure.ts';
import { app, thermostat } from './first-screen.ts';

/** Measures the record of a thermostat that has reported often enough to fill its inbox, and has nothing more to say. */
export async function measure(): Promise<Figures> {
  const store = memoryStore();
  const run = simulation(app, { store, start: Date.parse('2026-01-01T00:00:00Z') });
  for (let hour = 0; hour < 100; hour += 1) {
    const event = thermostat.events.temperature('t1', { celsius: 20 + (hour % 2) / 10 });
    run.happen({ event, at: run.now() + 3_600_000 });
  }
  const { remembered, outputs } = run.read(thermostat.ref('t1'));
  if (remembered !== 64 || outputs.length !== 0) throw new Error('The thermostat is not idle.');
  const body = run.store.entries().get('com.acme.thermostat/t1')?.body ?? '';
  const value = byteLength(body);
  const limit = bars['record.idle']?.limit ?? Number.NaN;
  return {
    'record.idle': {
      value,
      unit: 'bytes',
      ratio: value / limit,
      against: `the bar of ${limit} bytes`,
      note: `of which ${remembered * 12} are an inbox of ${remembered} events`,
    },
  };
}
