import { defineApp, defineDevice, defineEvent, events } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { app } from '../../test/home.ts';
import { localTopics } from './topics.ts';

const alert = defineEvent('com.acme.alert', z.object({}));

describe('localTopics', () => {
  const topics = localTopics(app);

  it('names topics after the models, with one for each report', () => {
    expect(Object.keys(topics.incoming)).toEqual([
      'thermostat/{device}/temperature',
      'thermostat/{device}/reported',
      'thermostat/{device}/acknowledged',
      'thermostat/{device}/connected',
      'thermostat/{device}/disconnected',
      'thermostat/{device}/get',
      'thermostat/{device}/answered',
      'thermostat/{device}/set',
      'home/{home}/set',
      'device/{device}/bound',
    ]);
  });

  it('sends to devices what they are told, and to the bus what is for others', () => {
    expect(
      localTopics(defineApp({ ...app, parts: [...app.parts, events(alert)] })).outgoing,
    ).toEqual({
      'com.acme.thermostat.desired': { topic: 'thermostat/{subject}/desired', retain: true },
      'com.acme.thermostat.twin': { topic: 'thermostat/{subject}/twin', retain: false },
      'com.acme.thermostat.request': { topic: 'thermostat/{subject}/request', retain: false },
      'com.acme.thermostat.ended': { topic: 'thermostat/{subject}/ended', retain: false },
      'com.acme.alert': { topic: 'event/com.acme.alert/{subject}', retain: false },
    });
  });

  it('wants what it subscribes to', () => {
    expect(topics.wants('thermostat/t1/temperature')).toBe(true);
    expect(topics.wants('thermostat/t1/desired')).toBe(false);
  });

  it('are kept apart by a prefix', () => {
    const { incoming, outgoing, wants } = localTopics(app, 'replay/');
    expect(Object.keys(incoming)).toContain('replay/thermostat/{device}/temperature');
    expect(outgoing).toMatchObject({
      'com.acme.thermostat.desired': { topic: 'replay/thermostat/{subject}/desired' },
    });
    expect(wants('thermostat/t1/temperature')).toBe(false);
  });

  it('uses the whole type where two models share a name', () => {
    const device = (type: string) =>
      defineDevice({
        type,
        state: z.object({ on: z.boolean() }),
        initial: { on: false },
        reports: {},
      });
    const two = defineApp({ source: 'urn:x', parts: [device('a.lamp'), device('b.lamp')] });
    expect(Object.keys(localTopics(two).incoming)).toContain('a.lamp/{device}/reported');
  });
});
