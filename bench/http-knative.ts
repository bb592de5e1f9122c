import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import autocannon, { type Client } from 'autocannon';
import { structuredText } from './app.ts';
import { median, type Figure, type Figures } from './figure.ts';
import type { ServerReport } from './http-servers.ts';
import { isQuick } from './rounds.ts';

const connections = 32;
const [rounds, seconds] = isQuick ? [1, 1] : [5, 2];

// A record remembers 64 events, so that none of 128 that go round and round is ever a double, if the next load begins with others.
const perConnection = 128;
const families = [0, 1].map((family) =>
  Array.from({ length: connections }, (_, connection) =>
    Array.from({ length: perConnection }, (__, n) =>
      structuredText((family * perConnection + n) * connections + connection, connections),
    ),
  ),
);

interface Contender {
  readonly process: ChildProcess;
  readonly port: number;
  loads: number;
  readonly perSecond: number[];
  /** The part of a core that the server used in each round: near 1, the server was the bottleneck. */
  readonly busy: number[];
}

/** Measures `serve()` against servers that get the same requests, all of them running and taking turns. */
export async function measure(): Promise<Figures> {
  const kinds = ['hearth', 'bare', 'functionsFramework', 'faasJs'] as const;
  const all = await Promise.all(kinds.map(start));
  try {
    for (const contender of all) await load(contender, 1);
    for (const { perSecond, busy } of all) perSecond.length = busy.length = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of round % 2 === 0 ? all : all.toReversed()) {
        await load(contender, seconds);
      }
    }
    const [hearth, bare, functionsFramework, faasJs] = all as [
      Contender,
      Contender,
      Contender,
      Contender,
    ];
    const against = (peer: Contender, name: string) => figureOf(hearth, peer, name);
    const busy = all.map(({ busy: parts }) => `${Math.round(median(parts) * 100)} %`).join(', ');
    const perCpu = all.slice(1).map((peer) => (costOf(peer) / costOf(hearth)).toFixed(2));
    const note = `${connections} connections, structured mode, a record saved for each; the servers used ${busy} of a core (${kinds.join(', ')}); by CPU time of the servers alone the ratios are ${perCpu.join(', ')}`;
    return {
      'http.knative': { ...against(bare, 'node:http that parses the same body'), note },
      'http.knative.vsFunctionsFramework': against(
        functionsFramework,
        'functions-framework 5.0.5, empty handler',
      ),
      'http.knative.vsFaasJs': against(faasJs, 'faas-js-runtime 4.0.1, empty handler'),
    };
  } finally {
    for (const contender of all) contender.process.disconnect();
  }
}

/** Seconds of CPU that a server spends on a request. */
function costOf({ perSecond, busy }: Contender): number {
  return median(busy.map((part, round) => part / (perSecond[round] ?? Number.NaN)));
}

function figureOf(ours: Contender, peer: Contender, against: string): Figure {
  return {
    value: median(ours.perSecond),
    best: Math.max(...ours.perSecond),
    unit: 'requests/s',
    ratio: median(
      ours.perSecond.map((rate, round) => rate / (peer.perSecond[round] ?? Number.NaN)),
    ),
    against,
  };
}

async function start(kind: string): Promise<Contender> {
  // As all of them are run in production: Express and pino know the difference.
  const env = { ...process.env, NODE_ENV: 'production', LOG_LEVEL: 'warn' };
  const server = fork(new URL('http-servers.ts', import.meta.url), [kind], { env });
  const [port] = (await Promise.race([
    once(server, 'message'),
    once(server, 'exit').then(() => Promise.reject(new Error(`"${kind}" could not be started.`))),
  ])) as [number];
  return { process: server, port, loads: 0, perSecond: [], busy: [] };
}

async function load(contender: Contender, duration: number): Promise<void> {
  const { process: server, port, perSecond, busy } = contender;
  contender.loads += 1;
  const before = await report(server);
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/`,
    connections,
    duration,
    setupClient: clientSetup(families[contender.loads % 2] ?? []),
  });
  const after = await report(server);
  const done = result['2xx'];
  const saved = (after.saved ?? 0) - (before.saved ?? 0);
  const isWrong = result.errors > 0 || result.timeouts > 0 || result.non2xx > 0 || done === 0;
  if (isWrong || (saved > 0 && saved < done)) {
    throw new Error(
      `Port ${port}: ${done} requests done, ${saved} saved, ${result.non2xx} refused.`,
    );
  }
  perSecond.push(done / result.duration);
  busy.push((after.cpuMs - before.cpuMs) / 1000 / result.duration);
}

/** Gives every connection a subject of its own, whose events have their ids in order. */
function clientSetup(bodies: readonly (readonly string[])[]) {
  let next = 0;
  const headers = { 'content-type': 'application/cloudevents+json' };
  return (client: Client): void => {
    const own = bodies[next % connections] ?? [];
    next += 1;
    client.setRequests(own.map((body) => ({ method: 'POST', headers, body })));
  };
}

async function report(server: ChildProcess): Promise<ServerReport> {
  server.send('report');
  const [answer] = (await once(server, 'message')) as [ServerReport];
  return answer;
}
