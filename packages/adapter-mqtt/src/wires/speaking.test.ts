import { memoryPublisher } from '@hearth/core/ports';
import { simulatedClock } from '@hearth/testing';
import { describe, expect, it } from 'vitest';
import { app, lamp } from '../../test/fielded.ts';
import { silent, world } from '../../test/thermostat.ts';
import type { Link } from '../link.ts';
import { awsShadowWire } from './aws-shadow.ts';
import { requested, speaking } from './speaking.ts';

const base = '$aws/things/t1/shadow';
const bytes = (text: string) => Buffer.from(text);

/** A connection that keeps what is published, or fails as told. */
function line(fail?: () => Error | undefined) {
  const sent: string[] = [];
  const publish = async (topic: string) => {
    const error = fail?.();
    if (error !== undefined) throw error;
    sent.push(topic);
  };
  return { sent, link: { publish, logger: silent } as unknown as Link };
}

function served(broken?: () => boolean) {
  const { store } = world();
  const load: typeof store.load = async (keys) => {
    if (broken?.() === true) throw new Error('down');
    return store.load(keys);
  };
  const wire = awsShadowWire(lamp, { store: { ...store, load }, principal: 'topic' });
  const runtime = { store, clock: simulatedClock(0), publisher: memoryPublisher(), logger: silent };
  const input = (operation: string, text: string) => {
    const message = { topic: `${base}/${operation}`, payload: bytes(text) };
    const found = requested([wire], message, () => `${operation} ${text}`);
    if (found === undefined) throw new Error('not read');
    return found;
  };
  return { runtime, input };
}

const reported = '{"state":{"reported":{"color":"red"}}}';

describe('a message that a wire reads', () => {
  it('is taken again until it has been answered, and has its effect once', async () => {
    const { runtime, input } = served();
    let isDown = true;
    const { link, sent } = line(() => (isDown ? new Error('no connection') : undefined));
    const handleAll = speaking(app, runtime, link);
    expect(await handleAll([input('update', reported)])).toMatchObject([{ verdict: 'retry' }]);
    isDown = false;
    expect(await handleAll([input('update', reported)])).toMatchObject([
      { verdict: 'done', duplicate: true },
    ]);
    expect(sent).toEqual([`${base}/update/accepted`]);
  });

  it('is not taken again when its answer is refused for good', async () => {
    const { runtime, input } = served();
    const { link } = line(() => Object.assign(new Error('refused'), { code: 135 }));
    const handleAll = speaking(app, runtime, link);
    expect(await handleAll([input('update', reported)])).toMatchObject([{ verdict: 'done' }]);
  });

  it('holds up no other one when its twin cannot be read', async () => {
    let loads = 0;
    const { runtime, input } = served(() => (loads += 1) === 1);
    const { link, sent } = line();
    const handleAll = speaking(app, runtime, link);
    const both = [input('update', '{"state":{"desired":null}}'), input('update', reported)];
    expect(await handleAll(both)).toMatchObject([{ verdict: 'retry' }, { verdict: 'done' }]);
    expect(sent).toEqual([`${base}/update/accepted`]);
  });

  it('is none of a wire whose own function throws', () => {
    const isFor = () => {
      throw new Error('a bug');
    };
    const wire = awsShadowWire(lamp, { store: world().store, isFor });
    const message = { topic: `${base}/get`, payload: bytes('') };
    expect(requested([wire], message, () => '1')).toBeUndefined();
  });
});
