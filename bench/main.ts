import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benches, type Bench } from './catalogue.ts';
import type { Figures } from './figure.ts';
import { lineOf, table } from './table.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    sources: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `npm run bench -- [options]

  --json           prints, as the last line, one object of all figures by name
  --only <prefix>  measures only what begins with the prefix: --only codec
  --list           lists the names
  --quick          one short round each, to see that everything runs; the figures mean nothing
  --sources        measures the sources instead of what was built from them`;

/** Runs a bench in a process of its own, so that none meets code that another one has warmed up. */
function run({ file }: Bench): Promise<Figures> {
  const built = options.sources ? [] : ['--import', new URL('built.ts', import.meta.url).href];
  const child = fork(
    new URL('measure.ts', import.meta.url),
    [file, ...(options.quick ? ['--quick'] : [])],
    { execArgv: ['--expose-gc', ...built], stdio: ['ignore', 2, 2, 'ipc'] },
  );
  return new Promise((resolve, reject) => {
    child.once('message', (figures) => {
      resolve(figures as Figures);
    });
    child.once('exit', (code) => {
      reject(new Error(`The benchmark "${file}" ended with code ${code} and without figures.`));
    });
  });
}

async function main(): Promise<void> {
  const wanted = benches.filter(({ names }) => names.some(isWanted));
  if (options.help) console.log(help);
  else if (options.list) console.log(benches.flatMap(({ names }) => names).join('\n'));
  else if (wanted.length === 0) throw new Error(`No benchmark begins with "${options.only}".`);
  else await measureAll(wanted);
}

async function measureAll(wanted: readonly Bench[]): Promise<void> {
  const all: Record<string, unknown> = {};
  const measured: Record<string, Figures[string]> = {};
  for (const bench of wanted) {
    console.error(`measuring ${bench.file} …`);
    const figures = await run(bench);
    for (const name of bench.names.filter(isWanted)) {
      const figure = figures[name];
      if (figure === undefined) throw new Error(`"${bench.file}" gave no figure "${name}".`);
      measured[name] = figure;
      all[name] = lineOf(figure);
    }
  }
  console.log(`${machine()}\n\n${table(measured)}`);
  if (options.json) console.log(JSON.stringify(all));
}

function machine(): string {
  const [cpu] = cpus();
  const what = options.sources ? 'the sources' : 'the built packages';
  return `${new Date().toISOString().slice(0, 10)} · Node.js ${process.version} · ${cpus().length} × ${cpu?.model.trim()} · ${what}`;
}

function isWanted(name: string): boolean {
  return name.startsWith(options.only);
}

await main();
