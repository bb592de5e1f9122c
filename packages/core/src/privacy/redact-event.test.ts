import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { defineDevice } from '../model/device.ts';
import { defineEvent } from '../model/event.ts';
import { personalFields, redactEvent } from './redact-event.ts';

const personal = { personal: true } as const;
const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ label: z.string().meta(personal), level: z.number() }),
  initial: { label: '', level: 0 },
  writable: z.object({ label: z.string().meta(personal) }),
});
const moved = defineEvent('moved', z.object({ to: z.string().meta(personal), rooms: z.number() }));
const app = defineApp({ source: 'urn:acme', parts: [lamp, moved] });

const said = (type: string, data: unknown): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  source: 'urn:x',
  type,
  subject: 'ada@x.org',
  data,
});

describe('personalFields', () => {
  it('lists what is marked in states, and in all that a device says or is told', () => {
    const all = personalFields(app).map(
      ({ name, ...one }) => `${one.in} ${name}: ${one.paths.join()}`,
    );
    expect(all.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'event lamp.acknowledged: reported.label',
      'event lamp.changed: label',
      'event lamp.desired: desired.label',
      'event lamp.imported: label',
      'event lamp.reported: label',
      'event lamp.set: label',
      'event lamp.twin: desired.label,reported.label',
      'event moved: to',
      'state lamp: reported.label,desired.label',
    ]);
  });
});

describe('redactEvent', () => {
  it('shows what is not personal, and of the subject a hash', () => {
    const shown = redactEvent(app, said('moved', { to: 'Oslo', rooms: 3 }));
    expect(shown).toMatchObject({ eventType: 'moved', data: { to: '[personal]', rooms: 3 } });
    expect(JSON.stringify(shown)).not.toMatch(/ada|Oslo/);
    expect(redactEvent(app, said('lamp.reported', { label: 'Ada' }))).toMatchObject({
      data: { label: '[personal]' },
    });
  });

  it('shows nothing of what nobody has described', () => {
    expect(redactEvent(app, said('other', { to: 'Oslo' }))).not.toHaveProperty('data');
  });
});
