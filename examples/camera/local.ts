import { existsSync, mkdirSync, readFileSync, watch as watchFolder } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { eventFrom, handle, read, route } from '@hearth/core';
import { logger, nodeRuntime, sweeper } from '@hearth/node';
import { sqliteDeadLetters, sqliteStore } from '@hearth/store-sqlite';
import { app, clipStored, watch } from './camera.ts';
import type { Calls } from './calls.ts';
import { follow } from './link.ts';
import { clipOf, signedUrl, type Secret } from './signing.ts';

/** What the local cameras run with. */
export interface LocalOptions {
  /** Where records and clips are kept: clips are `clips/<camera>/<clip>`. */
  readonly folder: string;
  readonly classify: Calls['com.acme.classify'];
  /** Gets the whole link, as a phone would. */
  readonly push: (message: { readonly text: string; readonly url: string }) => Promise<void>;
  readonly secret: Secret;
}

/** Cameras that run on this computer. */
export interface LocalCameras {
  readonly url: string;
  /** Tells of a clip in the folder, as the folder itself does; it counts once. */
  told(clip: string): Promise<void>;
  /** What a camera has seen lately. */
  incidents(camera: string): Promise<readonly object[]>;
  close(): Promise<void>;
}

/** Runs the app beside a folder: whatever is stored in it is a clip, and a small server answers who follows a link. */
export async function runCameras(options: LocalOptions): Promise<LocalCameras> {
  const { folder, secret } = options;
  const clips = join(folder, 'clips');
  mkdirSync(clips, { recursive: true });
  const store = sqliteStore({ file: join(folder, 'cameras.db') });
  let url = '';
  const shown = new Set<string>();
  const calls: Calls = {
    'com.acme.classify': options.classify,
    'com.acme.push': async ({ text, path }, { idempotencyKey }) => {
      // A folder tells of a clip more than once, and who is told at the same time performs the call as well.
      if (!shown.has(idempotencyKey)) {
        shown.add(idempotencyKey);
        await options.push({ text, url: url + path });
      }
      return {};
    },
    'com.acme.sign': async ({ clip }) => ({
      url: signedUrl(url, clip, Date.now() + 300_000, secret),
    }),
  };
  const given = nodeRuntime({
    store,
    // All that the app emits are calls.
    publisher: route({ default: null }),
    deadLetters: sqliteDeadLetters(store),
    logger: logger({ level: 'warn' }),
    calls,
  });
  const { runtime, stop } = sweeper(app, given);
  const answer = async (path: string) => {
    const clip = path.startsWith('/clips/') ? clipOf(path, Date.now(), secret) : undefined;
    if (clip !== undefined) return { status: 200, body: readFileSync(join(clips, clip)) };
    return path.startsWith('/clips/') ? { status: 403 } : follow(runtime, path);
  };
  const server = createServer((request, response) => void respond(answer, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // A folder tells of each write; the clip's name is the id, so that it counts once.
  const stored = async (name: string): Promise<void> => {
    const [, camera] = /^([^/]+)\/[^/.][^/]*$/.exec(name) ?? [];
    if (camera === undefined || !existsSync(join(clips, name))) return;
    const event = eventFrom(clipStored(camera, { clip: name }), { id: name, source: '/clips' });
    await handle(app, [{ event, principal: { kind: 'device', id: camera } }], runtime);
  };
  const open = new Set<Promise<unknown>>();
  const watcher = watchFolder(clips, { recursive: true }, (_, name) => {
    const work = stored(name?.toString() ?? '').catch(() => undefined);
    open.add(work);
    void work.then(() => open.delete(work));
  });
  return {
    url,
    told: stored,
    async incidents(camera) {
      const { incidents } = (await read(runtime, watch.ref(camera))).state;
      return incidents.map(({ id, shows, clips: count }) => ({ id, shows, clips: count }));
    },
    async close() {
      watcher.close();
      server.close();
      await Promise.all(open);
      await stop();
      await store.close();
    },
  };
}

type Answer = (path: string) => Promise<{
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}>;

async function respond(answer: Answer, request: IncomingMessage, response: ServerResponse) {
  try {
    const { status, headers = {}, body } = await answer(request.url ?? '');
    response.writeHead(status, headers).end(body);
  } catch {
    response.writeHead(404).end();
  }
}
