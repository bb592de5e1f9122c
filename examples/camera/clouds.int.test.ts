import { read } from '@hearth/core';
import { azureFunctions } from '@hearth/emulators/azure-functions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watch } from './camera.ts';
import { follow } from './link.ts';
import { onAws } from './on-aws.ts';
import { onAzure } from './on-azure.ts';
import { runCameras, type LocalCameras } from './local.ts';
import { nodeRuntime } from '@hearth/node';
import { world } from './test/world.ts';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One cloud, as the story needs it. */
interface Cloud {
  readonly pushed: readonly string[];
  store(clip: string): Promise<void>;
  open(path: string): Promise<{ readonly status: number; readonly location: string }>;
  incidents(): Promise<unknown>;
}

const incidentsIn = async ({ store, ...rest }: ReturnType<typeof world>['options']) =>
  (await read(nodeRuntime({ store, ...rest }), watch.ref('door'))).state.incidents.map(
    ({ id, shows, clips }) => ({ id, shows, clips }),
  );

function aws(): Cloud {
  const { options, pushed } = world();
  const { clips, links } = onAws(options);
  const context = { getRemainingTimeInMillis: () => 10_000 };
  return {
    pushed,
    incidents: () => incidentsIn(options),
    async store(clip) {
      const object = { key: `clips/${clip}`, size: 5, eTag: 'e', sequencer: '01' };
      const s3 = { bucket: { name: 'acme-clips' }, object };
      const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 };
      await clips({ Records: [{ ...record, eventTime: new Date().toISOString() }] }, context);
    },
    async open(rawPath) {
      const { statusCode, headers = {} } = await links({ rawPath });
      return { status: statusCode, location: headers['location'] ?? '' };
    },
  };
}

function azure(): Cloud {
  const { options, pushed } = world();
  const { app, invoke } = azureFunctions();
  onAzure(app, options);
  return {
    pushed,
    incidents: () => incidentsIn(options),
    async store(clip) {
      const event = {
        id: clip,
        eventType: 'Microsoft.Storage.BlobCreated',
        subject: `/blobServices/default/containers/clips/blobs/${clip}`,
        eventTime: new Date().toISOString(),
        data: { url: `https://acme.blob.core.windows.net/clips/${clip}`, contentLength: 5 },
        dataVersion: '',
        metadataVersion: '1',
        topic: '/subscriptions/s',
      };
      await invoke('clips', { data: { json: JSON.stringify(event) } });
    },
    async open(path) {
      const http = { method: 'GET', url: `https://acme.example/api${path}`, headers: {} };
      const { returned } = await invoke('links', { data: { http } });
      const { statusCode, headers = {} } = returned?.http ?? {};
      return { status: Number(statusCode), location: headers['location'] ?? '' };
    },
  };
}

let folder: string;
let cameras: LocalCameras;
const localPushes: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-camera-'));
  const { calls } = world().options;
  cameras = await runCameras({
    folder,
    secret: () => 'secret',
    classify: calls['com.acme.classify'],
    push: async ({ url }) => void localPushes.push(new URL(url).pathname),
  });
});

afterAll(async () => {
  await cameras.close();
  rmSync(folder, { recursive: true, force: true });
});

function local(): Cloud {
  return {
    pushed: localPushes,
    incidents: () => cameras.incidents('door'),
    async store(clip) {
      mkdirSync(join(folder, 'clips', 'door'), { recursive: true });
      writeFileSync(join(folder, 'clips', clip), 'video');
      await cameras.told(clip);
    },
    async open(path) {
      const answer = await fetch(cameras.url + path, { redirect: 'manual' });
      return { status: answer.status, location: answer.headers.get('location') ?? '' };
    },
  };
}

describe.each([
  ['AWS', aws],
  ['Azure', azure],
  ['this computer', local],
])('the story of a night on %s', (_, cloudOf) => {
  it('is the same', async () => {
    const cloud = cloudOf();
    await cloud.store('door/nothing-1.mp4');
    expect(cloud.pushed).toEqual([]);
    await cloud.store('door/person-2.mp4');
    await cloud.store('door/person-2.mp4');
    await cloud.store('door/person-3.mp4');
    const path = '/incidents/door/door%2Fnothing-1.mp4';
    expect(cloud.pushed).toEqual([path]);
    expect(await cloud.incidents()).toEqual([
      { id: 'door/nothing-1.mp4', shows: 'door/person-2.mp4', clips: 3 },
    ]);
    const { status, location } = await cloud.open(path);
    expect(status).toBe(302);
    expect(location).toMatch(/\/clips\/door\/person-2\.mp4\?until=\d+&by=[\w-]{43}$/);
    expect(await cloud.open('/incidents/door/none')).toMatchObject({ status: 404 });
  });
});

describe('a link', () => {
  it.each(['/', '/incidents/door', '/incidents/%E0%A4%A/x', '/incidents/a/b/c'])(
    'such as %s leads nowhere',
    async (path) => {
      expect(await follow(nodeRuntime(world().options), path)).toEqual({ status: 404 });
    },
  );

  it('is for later when it cannot be signed now', async () => {
    const { options } = world();
    const calls = { ...options.calls, 'com.acme.sign': () => Promise.reject(new Error('down')) };
    const broken = { ...options, calls };
    const { clips, links } = onAws(broken);
    const s3 = { bucket: { name: 'b' }, object: { key: 'clips/door/person-1', sequencer: '1' } };
    const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 };
    const event = { Records: [{ ...record, eventTime: new Date().toISOString() }] };
    await clips(event, { getRemainingTimeInMillis: () => 10_000 });
    expect(await links({ rawPath: '/incidents/door/door%2Fperson-1' })).toMatchObject({
      statusCode: 503,
    });
  });

  it('to a clip works for its time, and only as it was made', async () => {
    const { status, location } = await local().open('/incidents/door/door%2Fnothing-1.mp4');
    expect(status).toBe(302);
    expect(await (await fetch(location)).text()).toBe('video');
    const changed = location.replace('person-2', 'person-3');
    expect((await fetch(changed)).status).toBe(403);
    expect((await fetch(location.replace(/until=\d+/, 'until=1'))).status).toBe(403);
  });
});
