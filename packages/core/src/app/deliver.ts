import { HearthError } from '../event/error.ts';
import type { Outgoing, PublishResult } from '../ports/publisher.ts';
import { cascade } from './cascade.ts';
import { publish, type Task } from './effect.ts';
import { clear, deliveriesOf, waiting, wayOf, type Delivery } from './outbox.ts';
import { functionFor, perform } from './perform.ts';
import type { OutboxEntry, WorkingRecord } from './record.ts';
import { startSpan } from './telemetry.ts';
import { count, type Context } from './work.ts';

/** How often what has come to the outboxes meanwhile is delivered as well; the rest is left to a sweep. */
const limits = { rounds: 32 };

/**
 * Delivers the outboxes of records from the front: each output is published (or performed, if it is a call), every own subscriber saves
 * it, and only after both is it removed. Stops per destination at the first failure.
 *
 * Gives the records that still have outputs.
 */
export function* deliver(
  context: Context,
  records: readonly WorkingRecord[],
): Task<readonly WorkingRecord[]> {
  const tried = new Set<string>();
  const isNew = ({ event }: Pick<Delivery, 'event'>) => !tried.has(event.id);
  let open = records;
  for (let round = 0; round < limits.rounds && open.length > 0; round += 1) {
    const deliveries = open.flatMap((record) => deliveriesOf(context, record)).filter(isNew);
    if (deliveries.length === 0) break;
    for (const { event } of deliveries) tried.add(event.id);
    yield* deliverThese(context, deliveries);
    // What could not be saved there must not get out: it would be made a second time.
    open = open.filter(
      (record) => !record.dirty && waiting(context, record).some(goesOn(context, tried)),
    );
  }
  return records.filter((record) => waiting(context, record).length > 0);
}

/** What a delivery led to may have added to the same outbox, and a dead letter may have taken an output's place: these do not wait for a sweep. */
function goesOn({ leftBehind }: Context, tried: ReadonlySet<string>) {
  return ({ event, dead }: OutboxEntry): boolean =>
    !tried.has(event.id) && (dead === true || leftBehind.has(event.id));
}

function* deliverThese(context: Context, deliveries: readonly Delivery[]): Task<void> {
  for (const { event } of deliveries) context.inFlight.add(event.id);
  const sent = deliveries.filter(({ published, isSent }) => isSent && !published);
  const isCall = (delivery: Delivery) => functionFor(context, delivery) !== undefined;
  const calls = sent.filter((delivery) => isCall(delivery) && !isOver(context, delivery));
  yield* perform(context, calls);
  yield* publishAll(
    context,
    sent.filter((delivery) => !isCall(delivery)),
  );
  const shown = deliveries.filter(({ isShown, dead }) => isShown && dead === undefined);
  yield* cascade(context, shown);
  yield* clear(context, deliveries);
  for (const { event } of deliveries) context.inFlight.delete(event.id);
}

/** A command whose time has passed is never sent; the dead letter tells. */
function isOver(context: Context, delivery: Delivery): boolean {
  const { expirytime } = delivery.event;
  if (expirytime === undefined || Date.parse(expirytime) > context.runtime.clock.now())
    return false;
  count(context, 'expired');
  delivery.dead = {
    code: 'expired',
    message: `"${delivery.event.type}" was not sent before ${expirytime}.`,
  };
  delivery.published = true;
  delivery.cascaded = true;
  return true;
}

/** Publishes: all at once where the publisher keeps the order, else each record's outputs to one destination one after the other. */
function* publishAll(context: Context, deliveries: readonly Delivery[]): Task<void> {
  for (const dead of [false, true]) {
    const todo = deliveries.filter(({ entry }) => (entry.dead === true) === dead);
    const { publisher, deadLetters = publisher } = context.runtime;
    const { ordered } = dead ? deadLetters : publisher;
    const stopped = new Set<string>();
    const way = ({ record, entry }: Delivery) => `${record.key} ${wayOf(context, entry)}`;
    for (const round of ordered === true ? [todo] : roundsOf(todo, way)) {
      // Time has passed since the round before, and while calls were performed.
      const ready = round.filter(
        (delivery) => !stopped.has(way(delivery)) && !isOver(context, delivery),
      );
      if (ready.length > 0) yield* publishRound(context, ready, dead);
      for (const delivery of ready) if (!delivery.published) stopped.add(way(delivery));
    }
  }
}

/** The first output of every record to each destination, then the second, and so on. */
function roundsOf(
  deliveries: readonly Delivery[],
  way: (delivery: Delivery) => string,
): readonly (readonly Delivery[])[] {
  const rounds: Delivery[][] = [];
  const depth = new Map<string, number>();
  for (const delivery of deliveries) {
    const destination = way(delivery);
    const at = depth.get(destination) ?? 0;
    depth.set(destination, at + 1);
    (rounds[at] ??= []).push(delivery);
  }
  return rounds;
}

function* publishRound(context: Context, round: readonly Delivery[], dead: boolean): Task<void> {
  const spans = round.map(({ event, record }) =>
    startSpan(context, 'publish', 'producer', event, record.trace),
  );
  const outgoing = round.map(({ event, entry }, index): Outgoing => {
    const traceparent = spans[index]?.traceparent();
    return { event, body: entry.body, ...(traceparent === undefined ? {} : { traceparent }) };
  });
  const results = yield* publish(outgoing, dead);
  round.forEach((delivery, index) => {
    const result = results[index] ?? missing;
    if (result.outcome === 'published') {
      delivery.published = true;
      if (dead) delivery.cascaded = true;
    } else if (result.outcome === 'failed') {
      delivery.error = result.error;
      count(context, 'dispatch_fail');
      spans[index]?.fail(result.error.code);
    }
    spans[index]?.end();
  });
}

const noResult = new HearthError(
  'publisher-unavailable',
  'The publisher gave no result for an event.',
  { retryable: true },
);
const missing: PublishResult = { outcome: 'failed', error: noResult };
