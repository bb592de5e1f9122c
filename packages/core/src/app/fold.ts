import { laterAnswerTo } from './answer-elsewhere.ts';
import { isHearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import { appliedOf, attempt, take, touch, type Pending } from './apply.ts';
import type { Answer, WorkingRecord } from './record.ts';
import type { Ran } from './run.ts';
import { lookUpInput, noteSilent, putInInbox } from './inbox.ts';
import { holds, type Mark } from './seen.ts';
import { log, logged, loggedError } from './telemetry.ts';
import { count, type Context, type Fate, type Work } from './work.ts';

/** How many answers a record keeps, and of how many sources it knows the newest. */
const bounds = { answers: 8, sources: 16 };

/** Applies one event to a record, after its due timers. Changes the record in place; what happened goes to `applied`. */
export function fold(
  context: Context,
  record: WorkingRecord,
  work: Work,
  reads: unknown,
  applied: Pending,
): Fate {
  const now = Math.max(work.now, record.at);
  switch (lookUpInput(record, work.mark)) {
    case 'same':
      count(context, 'duplicate');
      return answered(record, work.mark);
    case 'reused':
      return {
        status: 'rejected',
        code: 'id-reused',
        message: `The id of "${work.event.type}" was used before with other content.`,
      };
    case 'new':
      return applyNew(context, record, now === work.now ? work : { ...work, now }, reads, applied);
  }
}

function answered(record: WorkingRecord, mark: Mark): Fate {
  const answer = record.answers.find(({ to }) => to === mark.id);
  if (answer?.reject !== undefined) return { status: 'rejected', ...answer.reject };
  return { status: 'done', duplicate: true, reply: answer?.reply };
}

function applyNew(
  context: Context,
  record: WorkingRecord,
  work: Work,
  reads: unknown,
  applied: Pending,
): Fate {
  const { event, mark, now } = work;
  if (record.handler.latestOnly && isStale(record, event)) {
    return {
      status: 'rejected',
      code: 'stale',
      message: `"${event.type}" is not newer than the last of its source.`,
    };
  }
  const ran = attempt(context, record, work, reads);
  if (isHearthError(ran)) {
    const fields = { ...logged(event), handler: record.handler.name, reason: ran.code };
    log(context, 'error', { ...fields, ...loggedError(ran) }, 'A step failed.');
    return ran.code === 'depth-exceeded'
      ? { status: 'rejected', code: ran.code, message: ran.message }
      : { status: 'failed', error: ran };
  }
  const effective = take(context, record, ran, event, mark, now);
  if (
    effective ||
    ran.reject !== undefined ||
    record.handler.remember === 'always' ||
    record.handler.latestOnly
  ) {
    rememberInput(context, record, ran, event, mark, now);
    applied.push(appliedOf(record, work, ran, reads));
  } else if (ran.reply === undefined) noteSilent(record, mark);
  // A question that changes nothing may be asked again.
  else applied.push(appliedOf(record, work, ran, reads));
  if (ran.reject !== undefined) return { status: 'rejected', ...ran.reject };
  return { status: 'done', reply: ownReply(ran) };
}

/** What answers this input, and not a question that somebody asked before. */
const ownReply = ({ reply, replyTo }: Ran): unknown => (replyTo === undefined ? reply : undefined);

function isStale(record: WorkingRecord, { source, sequence }: Incoming): boolean {
  // A source may be named like what every object inherits.
  const last = Object.hasOwn(record.latest, source) ? record.latest[source] : undefined;
  return last !== undefined && sequence !== undefined && sequence <= last;
}

/** The newest sequence of each source, of the last sources that said something: a device could make up new ones without end. */
function latestOf(
  latest: WorkingRecord['latest'],
  { source, sequence }: Incoming,
): WorkingRecord['latest'] {
  if (sequence === undefined) return latest;
  const others = Object.entries(latest).filter(([name]) => name !== source);
  return Object.fromEntries([...others.slice(1 - bounds.sources), [source, sequence]]);
}

function rememberInput(
  context: Context,
  record: WorkingRecord,
  ran: Ran,
  event: Incoming,
  mark: Mark,
  now: number,
): void {
  putInInbox(context, record, mark, now);
  const { reject } = ran;
  const reply = ownReply(ran);
  if (reject !== undefined || reply !== undefined) {
    const answer = {
      to: mark.id,
      ...(reject === undefined ? {} : { reject }),
      ...(reply === undefined ? {} : { reply }),
    };
    record.answers = keptAnswers(record.seen, [...record.answers, answer]);
  }
  // Whoever asked may wait in another process.
  for (const question of ran.replyTo ?? []) {
    const answer = { to: laterAnswerTo(question), reply: ran.reply };
    record.answers = keptAnswers(record.seen, [...record.answers, answer]);
  }
  if (record.handler.latestOnly) record.latest = latestOf(record.latest, event);
  touch(record, now);
}

/** The last answers, and of older rejections that they were: the double of a rejected input must never be acknowledged as done. */
function keptAnswers(seen: string, answers: readonly Answer[]): Answer[] {
  const last = answers.slice(-bounds.answers);
  const older = answers.slice(0, -bounds.answers).flatMap(({ to, reject }) => {
    return reject !== undefined && holds(seen, to) ? [{ to, reject: { code: reject.code } }] : [];
  });
  return [...older, ...last];
}
