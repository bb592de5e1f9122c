import type { Simulation } from '@hearth/core/simulate';
import type { Perturbation } from './perturbation.ts';
import { inputOf, type Told } from './play.ts';
import { onNth } from './plans.ts';
import type { Act, Script } from './story.ts';

type Said = Extract<Act, { readonly does: 'say' }>;

/** All the ways in which a story is told again, given how it is told when nothing goes wrong. */
export function perturbationsOf(
  script: Script,
  simulation: Simulation,
  { inline, bus, random }: { inline: Told; bus: Told; random: () => number },
): readonly Perturbation[] {
  const twice = silentOnesLeftOut(script, simulation).map(inputOf);
  const both = (one: Perturbation): readonly Perturbation[] => [
    one,
    { ...one, name: `${one.name}, over a bus`, cascade: 'bus' },
  ];
  const cascade = 'inline';
  return [
    ...both({ name: 'every input doubled at once', cascade, doubled: true }),
    ...both({ name: 'every input once more at the end', cascade, again: twice }),
    ...both({
      name: 'every input once more at the end, backwards',
      cascade,
      again: twice.toReversed(),
    }),
    ...splits(script, random).flatMap(both),
    ...crashes(inline, 'inline'),
    ...crashes(bus, 'bus'),
    ...faults(inline),
    ...rivals(inline, 'inline', random),
    ...rivals(bus, 'bus', random),
  ];
}

const saidIn = ({ acts }: Script): readonly Said[] =>
  acts.flatMap((act) => (act.does === 'say' ? [act] : []));

/**
 * An input that changed nothing is not remembered, so that a silent reading costs no write. Its double comes too late once something
 * else has changed: that is a property of the app, not of its delivery. The rest of an inbox reaches as far as 32 inputs back here.
 */
function silentOnesLeftOut(script: Script, { steps }: Simulation): readonly Said[] {
  const isKnown = ({ event }: Said) =>
    (script.app.routes.get(event.type) ?? []).every(({ handler, subscription }) => {
      const subject = subscription.subjectOf(event as Parameters<typeof subscription.subjectOf>[0]);
      const applied = (step: (typeof steps)[number]) =>
        step.handler === handler.name &&
        step.subject === subject &&
        step.event.id === event.id &&
        step.event.source === event.source;
      return subject === undefined || handler.remember === 'always' || steps.some(applied);
    });
  return saidIn(script)
    .filter((said) => said.handled.verdict === 'rejected' || isKnown(said))
    .slice(-32);
}

const allSplitsUpTo = 5;
const sampledSplits = 16;

/** All splits of up to five inputs into batches; of more, a sample, and all in one batch. */
function splits(script: Script, random: () => number): readonly Perturbation[] {
  const joints = jointsOf(script);
  const cuts = 2 ** joints.length;
  const sample =
    joints.length < allSplitsUpTo
      ? Array.from({ length: cuts }, (_, at) => joints.filter((_joint, bit) => at & (1 << bit)))
      : [
          joints,
          ...Array.from({ length: sampledSplits }, () => joints.filter(() => random() < 0.7)),
        ];
  return sample
    .filter((joined) => joined.length > 0)
    .map((joined) => ({
      name: `split into ${batchesText(saidIn(script).length, new Set(joined))}`,
      cascade: 'inline',
      batches: new Set(joined),
      isOneRound: joined.every((at) => isTogether(saidIn(script), at)),
    }));
}

const isTogether = (said: readonly Said[], at: number): boolean =>
  said[at]?.round === 'when' && said[at].together === said[at - 1]?.together;

function batchesText(inputs: number, joined: ReadonlySet<number>): string {
  const sizes: number[] = [];
  for (let at = 0; at < inputs; at += 1) {
    if (joined.has(at)) sizes.push((sizes.pop() ?? 0) + 1);
    else sizes.push(1);
  }
  return `batches of ${sizes.join(', ')}`;
}

/**
 * The inputs that may come in one batch with the one before. Where a timer ran or a record was put in place in between they may
 * not, nor where time passed in a story with calls: a call is performed when it is performed.
 */
function jointsOf({ acts, fakes }: Script): readonly number[] {
  const joints: number[] = [];
  let said = 0;
  let isOpen = false;
  for (const act of acts) {
    if (act.does === 'say') {
      if (isOpen) joints.push(said);
      said += 1;
      isOpen = true;
    } else if (act.does === 'begin' || act.steps[0] !== act.steps[1] || Object.keys(fakes).length) {
      isOpen = false;
    }
  }
  return joints;
}

function crashes({ steps }: Told, cascade: 'inline' | 'bus'): readonly Perturbation[] {
  const over = cascade === 'bus' ? ', over a bus' : '';
  return steps.flatMap((_, at) => {
    const crash = at + 1;
    const name = `crashed ${at === 0 ? 'before the first step' : after(steps, at - 1)}${over}`;
    return [
      { name: `${name}, then redelivered`, cascade, crash },
      { name: `${name}, then swept and redelivered`, cascade, crash, sweptFirst: true },
      { name: `${name}, then redelivered, without a sweep`, cascade, crash, sweep: false },
    ];
  });
}

/** A step by its number among its kind and what it is about: `after save #2 (com.acme.thermostat/t1)`. */
function after(steps: readonly string[], at: number): string {
  const [kind = '', ...about] = (steps[at] ?? '').split(' ');
  const nth = steps.slice(0, at + 1).filter((step) => step.startsWith(`${kind} `)).length;
  return `after ${kind} #${nth} (${about.join(' ')})`;
}

function faults({ steps }: Told): readonly Perturbation[] {
  const cascade = 'inline';
  const [saves, sends] = ['save ', 'publish '].map((kind) =>
    steps.flatMap((step, at) => (step.startsWith(kind) ? [at] : [])),
  );
  const stores = (saves ?? []).flatMap((at, index) =>
    (['answer-lost', 'write-lost', 'conflict'] as const).map((fault) => ({
      name: `${fault} ${after(steps, at).replace('after', 'at')}`,
      cascade,
      store: () => onNth('save', index + 1, fault),
    })),
  );
  const publishers = (sends ?? []).flatMap((at, index) =>
    (['failed', 'answer-lost'] as const).map((fault) => ({
      name: `${fault} ${after(steps, at).replace('after', 'at')}`,
      cascade,
      sweep: false,
      publisher: () => onNth('publish', index + 1, fault),
    })),
  );
  return [...stores, ...publishers] as readonly Perturbation[];
}

function rivals(
  { steps }: Told,
  cascade: 'inline' | 'bus',
  random: () => number,
): readonly Perturbation[] {
  const over = cascade === 'bus' ? ', over a bus' : '';
  return steps.flatMap((_, at) => {
    const then = `${after(steps, at)}${over}`;
    const seed = Math.floor(random() * 1e9);
    const [same, sweeps] = ['the same', 'sweeps'] as const;
    return [
      {
        name: `another worker does the same ${then}`,
        cascade,
        rival: { does: same, after: at + 1 },
      },
      { name: `a sweep comes ${then}`, cascade, rival: { does: sweeps, after: at + 1 } },
      {
        name: `another worker does the same, in turns, ${then}`,
        cascade,
        rival: { does: same, after: at + 1, seed },
      },
      {
        name: `a sweep comes, in turns, ${then}`,
        cascade,
        rival: { does: sweeps, after: at + 1, seed },
      },
    ];
  });
}
