import { triggerCases } from '@hearth/testing/conformance';
import { commandPath, needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { aedes } from '../test/aedes.ts';
import { openTrigger } from '../test/harness.ts';
import { mosquitto, type Mosquitto } from '../test/mosquitto.ts';

const command = commandPath('mosquitto');

const lostInBinary: Readonly<Record<string, string>> = {
  'hands on an event as it was sent':
    'user properties are text: an unknown attribute loses its type',
};

describe.each([
  { version: 5, mode: 'binary' },
  { version: 5, mode: 'structured' },
  { version: 4, mode: 'structured' },
] as const)('mqttTrigger beside mosquitto, MQTT version $version, $mode mode', (way) => {
  let broker: Mosquitto | undefined;

  beforeAll(async () => {
    if (command !== undefined) broker = await mosquitto(command);
  });

  afterAll(() => broker?.stop());

  it.for(triggerCases)('$name', async ({ name, run }, test) => {
    if (way.mode === 'binary' && name in lostInBinary) test.skip(lostInBinary[name]);
    const { url } = needs(test, broker, 'mosquitto, the broker');
    await run((app, runtime) => openTrigger({ url, ...way }, app, runtime));
  });
});

describe('mqttTrigger beside aedes, MQTT 3.1.1', () => {
  let broker: Awaited<ReturnType<typeof aedes>> | undefined;

  beforeAll(async () => {
    broker = await aedes();
  });

  afterAll(() => broker?.stop());

  it.each(triggerCases)('$name', ({ run }) => {
    const way = { url: broker?.url ?? '', version: 4, mode: 'structured' } as const;
    return run((app, runtime) => openTrigger(way, app, runtime));
  });
});
