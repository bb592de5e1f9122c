import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { duration, flag, guarded, readOptions, text } from '@hearth/cli';
import { onShutdown } from '@hearth/node';
import { runCameras } from './local.ts';

const usage = `node examples/camera/main.ts [--for 30s] [--folder DIR]

Cameras on this computer, with a classifier and a push service that are made up. A file that is stored as
clips/<camera>/<what>-<anything> in the folder is a clip on which <what> is to be seen; "nothing" is nothing, and on "fog" the
classifier fails.

  --for 30s      end by itself after so long; else Ctrl-C ends it
  --folder DIR   where records and clips are kept (default .hearth)`;

const specs = { for: duration, folder: text, help: flag } as const;
const args = process.argv.slice(2);
const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { options } = readOptions(args, specs);
  if (options.help) {
    say(usage);
    return 0;
  }
  const { folder = '.hearth' } = options;
  const messages: string[] = [];
  const cameras = await runCameras({
    folder,
    secret: () => 'only-on-this-computer',
    async classify({ clip }) {
      const label = (clip.split('/')[1] ?? '').split(/[-.]/)[0] ?? '';
      if (label === 'fog') throw new Error('The classifier sees nothing at all.');
      say(`classifier: ${clip} shows ${label}`);
      return { label };
    },
    async push(message) {
      messages.push(message.url);
      say(`phone: ${message.text}. ${message.url}`);
    },
  });
  const stay = onShutdown(() => cameras.close());
  say(`Store clips in ${join(folder, 'clips')}/<camera>/; links are answered on ${cameras.url}`);
  await recordSomething(join(folder, 'clips', 'front-door'));
  for (let tries = 0; messages.length === 0 && tries < 50; tries += 1) await wait(100);
  const [link] = messages;
  if (link !== undefined) await followLink(link);
  await wait(options.for ?? 2 ** 31 - 1);
  stay();
  await cameras.close();
  return 0;
}

/** A new night begins with each start. */
async function recordSomething(camera: string): Promise<void> {
  mkdirSync(camera, { recursive: true });
  await wait(100);
  const night = Date.now().toString(36);
  for (const what of ['nothing', 'person', 'person']) {
    writeFileSync(
      join(camera, `${what}-${night}-${Math.random().toString(36).slice(2, 6)}.txt`),
      `${what}\n`,
    );
    await wait(50);
  }
}

async function followLink(link: string): Promise<void> {
  const answer = await fetch(link, { redirect: 'manual' });
  const signed = answer.headers.get('location') ?? '';
  const clip = await fetch(signed);
  say(
    `browser: ${link} leads to ${signed.replace(/by=.*/, 'by=…')}: ${(await clip.text()).trim()}`,
  );
}

const { stdout, stderr, env } = process;
process.exitCode = await guarded('camera', args, { stdout, stderr, env, now: Date.now }, main);
