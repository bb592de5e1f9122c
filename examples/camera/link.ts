import { randomUUID } from 'node:crypto';
import { ask, eventFrom, type Runtime } from '@hearth/core';
import { app, opened } from './camera.ts';

/** What somebody who follows a link is answered with. */
export interface LinkAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const principal = { kind: 'service', id: 'links' } as const;

/** Answers who follows the link of a message (`/incidents/<camera>/<incident>`): sends them on to the clip, which is signed only now. */
export async function follow(runtime: Runtime, path: string): Promise<LinkAnswer> {
  const [camera, incident] = namesIn(path);
  if (camera === undefined || incident === undefined) return { status: 404 };
  const event = eventFrom(opened(camera, { incident }), { id: randomUUID(), source: '/links' });
  const asked = await ask(app, { event, principal }, runtime, { withinMs: 5000 });
  if (asked.outcome === 'answered')
    return { status: 302, headers: { location: String(asked.reply), 'cache-control': 'no-store' } };
  if (asked.outcome === 'rejected' && asked.code === 'no-such-incident') return { status: 404 };
  return { status: 503, headers: { 'retry-after': '5' } };
}

function namesIn(path: string): readonly (string | undefined)[] {
  const names = /^\/incidents\/([^/]+)\/([^/]+)$/.exec(path)?.slice(1) ?? [];
  try {
    return names.map((name) => decodeURIComponent(name));
  } catch {
    return [];
  }
}
