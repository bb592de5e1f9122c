import { run, type CloudEvent, type DeadLetter, type Incoming } from '@hearth/core';
import { saidIn } from './expectations.ts';
import { stageOf, type Plot } from './plot.ts';
import { fail, line } from './story-report.ts';
import type { Said } from './story.ts';

/** Something that went wrong in a scene: what, and the code that `rejects` can name if it was meant to. */
interface Trouble {
  readonly what: string;
  readonly code?: string;
  readonly cause?: unknown;
}

/** Checks that something in the scene was rejected with this code. */
export function expectRejected(plot: Plot, code: string): void {
  const troubles = troublesOf(plot);
  if (!troubles.some((trouble) => trouble.code === code)) {
    const rows = troubles.map(({ what }) => `  ${what}`);
    fail(plot, `Nothing was rejected with "${code}".`, rows.length === 0 ? [] : rows);
  }
  plot.scene = { ...plot.scene, rejected: [...plot.scene.rejected, code] };
}

/** Nothing goes wrong unnoticed: what was rejected, failed or became a dead letter must have been expected. */
export function assertNoTrouble(plot: Plot): void {
  const [first] = troublesOf(plot).filter(
    ({ code }) => code === undefined || !plot.scene.rejected.includes(code),
  );
  if (first === undefined) return;
  const { what, code, cause } = first;
  const hint = code === undefined ? '' : ` If this is meant, say .rejects('${code}') right after.`;
  fail(plot, `${what}${hint}`, [], cause);
}

function troublesOf(plot: Plot): readonly Trouble[] {
  return [
    ...saidIn(plot).flatMap((said) => answerTrouble(plot, said)),
    ...letterTroubles(plot),
    ...stuckTroubles(plot),
  ];
}

function answerTrouble(plot: Plot, { event, handled }: Said): readonly Trouble[] {
  const { verdict, code = 'unknown', message } = handled;
  if (verdict === 'done') return [];
  const why = message === undefined ? '' : ` (${message})`;
  if (verdict === 'rejected')
    return [{ code, what: `${line(event)} was rejected: ${code}${why}.` }];
  const cause = causeOf(plot, event);
  return [{ what: `${line(event)} could not be handled: ${code}${why}.`, ...cause }];
}

/** What own handlers refused after somebody had emitted it. */
function letterTroubles(plot: Plot): readonly Trouble[] {
  const said = new Set(saidIn(plot).map(({ event }) => event.id));
  return stageOf(plot)
    .deadLetters.slice(plot.scene.letters)
    .flatMap(({ data }) => {
      const { code, message, event } = data as DeadLetter;
      if (event === undefined || said.has(event.id)) return [];
      const why = message === undefined ? '' : ` (${message})`;
      return [{ code, what: `${line(event)} became a dead letter: ${code}${why}.` }];
    });
}

/** What was emitted and could not be handled by the app itself. */
function stuckTroubles(plot: Plot): readonly Trouble[] {
  const stage = stageOf(plot);
  return [...stage.store.entries().keys()].flatMap((key) => {
    const handler = plot.app.handlers.get(key.slice(0, key.indexOf('/')));
    if (handler === undefined) return [];
    const { outputs } = stage.read(handler.ref(key.slice(key.indexOf('/') + 1)));
    const stuck = outputs.filter(
      ({ event, tries }) => tries > 0 && !plot.app.calls.has(event.type),
    );
    return stuck.map(({ event }) => ({
      what: `${line(event)} could not be handled by the app itself.`,
      ...causeOf(plot, event),
    }));
  });
}

/** Runs the steps for an event once more, to see what they throw: the record is as they found it. */
function causeOf(plot: Plot, event: CloudEvent): { readonly cause?: unknown } {
  const stage = stageOf(plot);
  for (const { handler, subscription } of plot.app.routes.get(event.type) ?? []) {
    if (Object.keys(handler.readsOf).length > 0) continue;
    const incoming = event as Incoming;
    try {
      const subject = subscription.subjectOf(incoming) ?? incoming.subject;
      const { state } = stage.read(handler.ref(subject));
      const principal = { kind: 'app', id: plot.app.source } as const;
      const given = { event: incoming, reads: {}, now: stage.now(), principal };
      run(plot.app, handler, { subject, state, counter: 0 }, given);
    } catch (cause) {
      return { cause };
    }
  }
  return {};
}
