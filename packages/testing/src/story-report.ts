import type { App, CloudEvent, Handler } from '@hearth/core';
import type { Applied } from '@hearth/core/ports';
import { shown } from './difference.ts';
import { stageOf, type Plot } from './plot.ts';
import type { Act } from './story.ts';

/** What a story fails with: what was expected, what came instead, why, and the story so far. */
export class UnmetExpectation extends Error {
  override readonly name = 'UnmetExpectation';
}

/** Ends a story: with a message, reasons, and all that happened. `cause` is the error underneath, if there is one. */
export function fail(
  plot: Plot,
  message: string,
  reasons: readonly string[] = [],
  cause?: unknown,
): never {
  const parts = [message, ...(reasons.length === 0 ? [] : [reasons.join('\n')]), timeline(plot)];
  throw new UnmetExpectation(parts.join('\n\n'), cause === undefined ? {} : { cause });
}

/** An event or a draft in one line. */
export function line({
  type,
  subject,
  data,
}: Pick<CloudEvent, 'type' | 'subject' | 'data'>): string {
  return `${type} ${subject ?? ''} ${shown(data)}`;
}

/** Everything that happened, and what it led to. */
export function timeline(plot: Plot): string {
  const { steps } = stageOf(plot);
  const rows = plot.acts.flatMap((act) => [
    `  ${instant(act.at)}  ${actLine(act)}`,
    ...steps.slice(...act.steps).flatMap((step) => stepLines(step)),
  ]);
  return ['The story so far:', ...rows].join('\n');
}

function actLine(act: Act): string {
  switch (act.does) {
    case 'begin': {
      const { fixture, state } = act.fixture;
      return `given ${fixture.record.name} ${fixture.subject} has ${shown(state)}`;
    }
    case 'wait':
      return 'time has passed';
    case 'say': {
      const { round, event, principal, handled, steps } = act;
      const who = principal.kind === 'service' ? '' : `, says ${principal.kind} ${principal.id}`;
      const what =
        handled.verdict !== 'done'
          ? `: ${handled.verdict}, ${handled.code ?? 'no code'}`
          : steps[0] === steps[1]
            ? ': nothing changed'
            : '';
      return `${round} ${line(event)}${who}${what}`;
    }
  }
}

function stepLines({ handler, subject, because, emitted, rejected }: Applied): readonly string[] {
  const why = because === undefined ? '' : `, because ${because.join(' and ')}`;
  const no = rejected === undefined ? '' : `, rejects: ${rejected}`;
  return [
    `      ${handler} ${subject}${why}${no}`,
    ...emitted.map((event) => `        → ${line(event)}`),
  ];
}

/** An instant as a date if it is one, else in seconds. */
export function instant(at: number): string {
  return at >= 1e11 ? new Date(at).toISOString() : `${at / 1000} s`;
}

/** A rule among the parts of an app. */
export interface KnownRule {
  readonly name: string;
  readonly conditions: readonly string[];
  readonly record: Handler;
}

/** The rules of an app. */
export function rulesOf(app: App): readonly KnownRule[] {
  return app.parts.filter(
    (part): part is (typeof app.parts)[number] & KnownRule => 'conditions' in part,
  );
}

/** Why the rules of the app have not fired: which of their conditions hold, home by home. */
export function whyNot(plot: Plot): readonly string[] {
  const rows = rulesOf(plot.app).flatMap((rule) => ruleLines(plot, rule));
  return rows.length === 0 ? [] : ['The rules:', ...rows.slice(0, 20)];
}

interface RuleLook {
  readonly held: readonly string[];
  readonly firedAt: number | null;
}

function ruleLines(plot: Plot, { name, conditions, record }: KnownRule): readonly string[] {
  const stage = stageOf(plot);
  const prefix = `${record.key}/`;
  const keys = [...stage.store.entries().keys()].filter((key) => key.startsWith(prefix));
  if (keys.length === 0) {
    return [
      `  ${name} has heard of nothing that it watches; a device is heard of once it lives(…) somewhere.`,
    ];
  }
  return keys.map((key) => {
    const subject = key.slice(prefix.length);
    const view = (state: unknown) => state as RuleLook;
    const { state, timers } = stage.read({ record, subject, view });
    const holds = conditions.map(
      (one) => `${one} ${state.held.includes(one) ? 'holds' : 'does not hold'}`,
    );
    const fired = state.firedAt === null ? 'has not fired' : `fired at ${instant(state.firedAt)}`;
    const waits = timers.map(({ at }) => `, waits until ${instant(at)}`).join('');
    return `  ${name} ${subject}: ${holds.join(', ')}; ${fired}${waits}`;
  });
}
