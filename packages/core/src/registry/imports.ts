import { count, dataOf, name } from '../model/fields.ts';
import { eventDef, type EventDef, type Incoming } from '../model/event.ts';
import { handlerOf, ownSubject, type Handler, type StepInput } from '../model/handler.ts';
import { anything } from '../model/schema.ts';

/** How far an import has come. */
export interface ImportState {
  /** A hash of the first lines, by which another file is told; `null` before it has begun. */
  readonly first: string | null;
  readonly lines: number;
  readonly registered: number;
  readonly existing: number;
  readonly rejected: number;
}

/** What keeps the progress of imports, one record for each name. */
export interface Imports {
  readonly record: Handler<ImportState>;
  readonly event: EventDef<string, ImportState>;
}

/** An import that has not begun. */
const fresh: ImportState = { first: null, lines: 0, registered: 0, existing: 0, rejected: 0 };

/** Makes what keeps the progress of the imports of a registry. */
export function importsOf(type: string): Imports {
  const data = dataOf<ImportState>({
    first: name,
    lines: count,
    registered: count,
    existing: count,
    rejected: count,
  });
  const from = ['app', 'service'] as const;
  const event = eventDef({ type: `${type}.imported`, data, older: [], from });
  const step = ({ state, event: { data: next } }: StepInput<ImportState, Told, unknown>) =>
    // Of two processes that import the same file, the slower one does not set the other back.
    next.lines <= state.lines ? {} : { state: next };
  const record = handlerOf<ImportState>(
    { name: `${type}.imports`, state: anything, initial: fresh, trusted: true },
    new Map([[event.type, { event, step, subjectOf: ownSubject, from }]]),
  );
  return { record, event };
}

type Told = Incoming<string, ImportState>;
