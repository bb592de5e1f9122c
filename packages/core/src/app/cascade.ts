import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Span } from '../ports/tracing.ts';
import { accept } from './accept.ts';
import type { Task } from './effect.ts';
import type { Delivery } from './outbox.ts';
import { markOf } from './seen.ts';
import { startSpan } from './telemetry.ts';
import { count, type Context, type Fate, type Work } from './work.ts';

/** Has every own subscriber save what was emitted, in each record's order. */
export function* cascade(context: Context, deliveries: readonly Delivery[]): Task<void> {
  const todo: Delivery[] = [];
  const spans: Span[] = [];
  const works: Work[] = [];
  for (const delivery of deliveries) {
    if (delivery.cascaded) continue;
    if (context.runtime.cascade === 'bus') delivery.cascaded = true;
    else if (!context.app.types.has(delivery.event.type)) delivery.error ??= unknownType(delivery);
    else if (!hasSubscribers(context, delivery.event)) delivery.cascaded = true;
    else {
      const span = startSpan(context, 'process', 'internal', delivery.event, delivery.record.trace);
      const work = own(context, parsed(delivery), delivery.record.key, span.traceparent());
      if (isHearthError(work)) {
        delivery.cascaded = true;
        delivery.dead = { code: work.code, message: work.message };
      } else {
        todo.push(delivery);
        works.push(work);
      }
      spans.push(span);
    }
  }
  const fates =
    works.length === 0 ? [] : yield* context.carryOut({ ...context, ordered: true }, works);
  todo.forEach((delivery, index) => settleCascade(context, delivery, fates[index]));
  for (const span of spans) span.end();
}

/** Newer code emitted it, and newer code has its subscribers: they must not miss it because an older release swept. */
function unknownType({ event }: Delivery): HearthError {
  const message = `This release does not know "${event.type}", which another one emitted.`;
  return new HearthError('unknown-type', message, { retryable: true });
}

/** Subscribers get what the bus would have brought: what JSON made of it. */
function parsed({ entry }: Delivery): CloudEvent {
  return JSON.parse(entry.body) as CloudEvent;
}

/** Whether a handler of this app wants what the app itself emits. */
export function hasSubscribers({ app }: Context, event: CloudEvent): boolean {
  return (
    app.routes.get(event.type)?.some(({ subscription }) => subscription.incoming !== true) ?? false
  );
}

/** What the app itself said is handled as of the time it said it, so that a late delivery changes nothing. */
export function own(
  { app }: Context,
  event: CloudEvent,
  order: string,
  traceparent: string | undefined,
): Work | HearthError {
  try {
    const now = Date.parse(event.time ?? '');
    const principal = { kind: 'app', id: app.source } as const;
    return {
      event: accept(app, event),
      mark: markOf(event),
      now,
      principal,
      order,
      cascade: true,
      traceparent,
    };
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    throw cause;
  }
}

function settleCascade(context: Context, delivery: Delivery, fate: Fate | undefined): void {
  if (fate === undefined) return;
  if ('error' in fate) {
    const { code, message } = fate.error;
    delivery.error ??= new HearthError(code, message, { retryable: true, cause: fate.error });
    return;
  }
  delivery.cascaded = true;
  if (fate.status === 'done') return;
  count(context, 'drop', 1, { code: fate.code });
  // What an erased subject was told must not survive in a dead letter.
  if (fate.code !== 'erased')
    delivery.dead = { code: fate.code, message: fate.message, data: fate.data };
}
